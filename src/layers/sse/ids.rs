//! The IDs that a stream sets, as far as a reconnect is judged by them: the first, the last, how many, and whether they count by one.
//!
//! IDs come in one by one; of those in between nothing is kept.

use crate::model::Ids;
use std::sync::Arc;

/// Takes the next ID of a stream. `last_event_id` is the same text, already shared.
pub(super) fn add(ids: &mut Option<Box<Ids>>, last_event_id: &Arc<str>) {
    let Some(ids) = ids else {
        *ids = Some(Box::new(Ids {
            first: last_event_id.clone(),
            last: last_event_id.clone(),
            count: 1,
            by_one: true,
        }));
        return;
    };
    ids.by_one = ids.by_one && follows(&ids.last, last_event_id);
    ids.last = last_event_id.clone();
    ids.count += 1;
}

/// Whether `id` is the next one where IDs count by one.
fn follows(before: &str, id: &str) -> bool {
    match (Ids::number(before), Ids::number(id)) {
        (Some((prefix, before)), Some((same, number))) => {
            prefix == same && before.checked_add(1) == Some(number)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &[&str]) -> Ids {
        let mut ids = None;
        for id in all {
            add(&mut ids, &Arc::from(*id));
        }
        *ids.unwrap()
    }

    #[test]
    fn ids_that_count_by_one_behind_the_same_beginning_are_told() {
        for counting in [&["7"][..], &["7", "8"], &["a:9", "a:10"], &["009", "010"]] {
            assert!(of(counting).by_one, "{counting:?}");
        }
        for other in [
            &["7", "9"][..],
            &["7", "7"],
            &["a:1", "b:2"],
            &["a", "b"],
            &["1", ""],
            &["18446744073709551615", "0"],
        ] {
            assert!(!of(other).by_one, "{other:?}");
        }
    }

    #[test]
    fn the_first_the_last_and_their_number_are_kept() {
        let ids = of(&["a", "b", "c"]);
        assert_eq!((&*ids.first, &*ids.last, ids.count), ("a", "c", 3));
    }
}
