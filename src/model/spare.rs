//! Lists that are filled again and again.

use super::limits;

/// Empties a list. Its room is kept for the next time, unless it is unusually much.
pub fn empty<T>(list: &mut Vec<T>) {
    list.clear();
    shrink(list);
}

/// Gives back the room of a list that is unusually much.
pub fn shrink<T>(list: &mut Vec<T>) {
    list.shrink_to(limits::LIST_KEPT / size_of::<T>().max(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_was_needed_once_is_given_back() {
        let mut list = vec![0_u64; limits::LIST_KEPT];
        shrink(&mut list);
        assert_eq!(list.len(), limits::LIST_KEPT, "nothing is lost");
        empty(&mut list);
        assert!(list.is_empty() && list.capacity() * size_of::<u64>() <= limits::LIST_KEPT);
        list.push(1);
        let room = list.capacity();
        empty(&mut list);
        assert_eq!(list.capacity(), room, "the usual is kept");
    }
}
