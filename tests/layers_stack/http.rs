//! Heads, bodies and exchanges.

use crate::script::{CHUNKED, CLOSE, GET, Script, at, chunk};
use ssetrace::model::{Ending, Fact, Framing, Protocol};

#[test]
fn a_chunked_stream_is_told_from_request_to_terminating_chunk() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server("0\r\n\r\n");
    assert_eq!(
        script.told(),
        [
            "1 request begins",
            "1 request GET /events",
            "2 response begins",
            "2 response 200 chunked",
            "2 S0 opens",
            "2 S0 event-stream",
            "3 S0 chunk 1, 9",
            "3 S0 event 1 message \"a\" frames 3-3 chunks 1-1",
            "4 S0 terminating chunk",
            "4 S0 response end",
            "4 S0 ends terminating-chunk 4",
        ]
    );
    assert_eq!(script.stack.protocol(), Protocol::Http1);
    assert!(!script.stack.open_response());
}

#[test]
fn a_chunk_is_there_with_its_last_data_byte_and_the_terminating_chunk_with_its_last_line_feed() {
    let script = Script::stream(CHUNKED)
        .server("9\r\ndata:")
        .server(" a\n\n")
        .server("\r\n0\r\n\r")
        .server("\n");
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 chunk 1, 5 of 9",
            "4 S0 chunk 1, 9",
            "4 S0 event 1 message \"a\" frames 3-4 chunks 1-1",
            "6 S0 terminating chunk",
            "6 S0 response end",
            "6 S0 ends terminating-chunk 6",
        ]
    );
}

#[test]
fn event_stream_belongs_to_the_frame_with_the_last_byte_of_the_content_type() {
    let script = Script::new()
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Type: text/event-")
        .server("stream")
        .server(" \r\nX: y\r\n")
        .server("\r\n");
    assert_eq!(
        script.told_from(2),
        [
            "2 response begins",
            "5 response 200 close",
            "5 S0 opens",
            "3 S0 event-stream",
        ]
    );
}

#[test]
fn chunk_extensions_trailers_leading_zeros_and_bare_line_feeds_are_read() {
    let script = Script::stream(CHUNKED)
        .server("0009 ;a=\"b\"\r\ndata: a\n\n\r\n")
        .server("00000000000000000009\ndata: b\n\n\n")
        .server("A;x\r\ndata: cd\n\n\r\n")
        .server("0;end\r\nX-Sum: 1\r\nServer-Timing: a\r\n")
        .server("\r\n")
        .client(GET)
        .server("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(script.data_of_events(), ["a", "b", "cd"]);
    assert_eq!(
        script.told_from(7)[..3],
        [
            "7 S0 terminating chunk",
            "7 S0 response end",
            "7 S0 ends terminating-chunk 7"
        ]
    );
    assert_eq!(script.endings()[0].chunks, Some(3));
}

#[test]
fn a_broken_chunk_size_is_said_and_chunks_resume_where_a_header_can_be_found() {
    let script = Script::stream(CHUNKED)
        .server(chunk("data: a\n\n"))
        .server("zz\r\ndata: lost\n\n\r\n")
        .server(chunk("data: cut\n\n"))
        .server(chunk("data: b\n\n"))
        .server("0\r\n\r\n");
    assert_eq!(
        script.told_from(4),
        [
            "4 S0 trouble: a chunk-size line does not begin with a hexadecimal number; reading resumes at the next chunk header",
            "5 S0 chunk 2, 11",
            "6 S0 chunk 3, 9",
            "6 S0 event 2 message \"b\" frames 6-6 chunks 3-3",
            "7 S0 terminating chunk",
            "7 S0 response end",
            "7 S0 ends terminating-chunk 7",
        ]
    );
}

#[test]
fn chunk_sizes_of_more_than_sixteen_digits_are_refused() {
    let script = Script::stream(CHUNKED).server("10000000000000000\r\nx");
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 trouble: a chunk-size has more than 16 digits; reading resumes at the next chunk header"
        ]
    );
    let script = Script::stream(CHUNKED).server("ffffffffffffffff\r\ndata: a\n\n");
    assert_eq!(script.data_of_events(), ["a"]);
}

#[test]
fn a_chunked_coding_that_is_broken_again_and_again_is_given_up() {
    let piece = [chunk("data:").as_slice(), b"zz\r\n"].concat();
    let script = (0..20).fold(Script::stream(CHUNKED), |script, _| script.server(&piece));
    let troubles = script
        .told()
        .iter()
        .filter(|line| line.contains("trouble"))
        .count();
    assert_eq!(troubles, 8);
    assert!(
        script
            .told()
            .iter()
            .any(|line| line.ends_with("the rest of this response is not read"))
    );
}

#[test]
fn transfer_encoding_overrides_content_length() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let script = Script::stream(head)
        .server(chunk("data: a\n\n"))
        .server("0\r\n\r\n");
    assert_eq!(script.data_of_events(), ["a"]);
    let response = script.openings()[0].response.clone().unwrap();
    assert_eq!(response.framing, Some(Framing::Chunked));
}

#[test]
fn a_content_length_ends_the_session_with_its_last_byte() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n";
    let script = Script::stream(head)
        .server("data: ")
        .server("a\n\nHTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(
        script.told_from(3),
        [
            "3 S0 body 6",
            "4 S0 body 3",
            "4 S0 event 1 message \"a\" frames 3-4",
            "4 S0 response end",
            "4 S0 ends content-length 4",
            "4 response begins",
            "4 informational 100",
        ]
    );
}

#[test]
fn an_empty_body_is_a_session_that_ends_at_its_head() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(
        Script::stream(head).told_from(2),
        [
            "2 response begins",
            "2 response 200 content-length",
            "2 S0 opens",
            "2 S0 event-stream",
            "2 S0 response end",
            "2 S0 ends content-length 2",
        ]
    );
}

#[test]
fn an_invalid_content_length_is_said_and_the_body_read_to_the_end_of_the_connection() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1, 2\r\n\r\n";
    let script = Script::stream(head)
        .server("data: a\n\n")
        .server_ends(Ending::Fin);
    assert!(script.told()[4].contains("the Content-Length is no length"));
    assert_eq!(script.data_of_events(), ["a"]);
    assert_eq!(script.told().last().unwrap(), "4 S0 ends fin 4");
}

#[test]
fn answers_to_head_and_1xx_204_304_have_no_body_and_no_session() {
    let typed = "Content-Type: text/event-stream\r\nContent-Length: 5\r\n\r\n";
    let mut script = Script::new().client("HEAD / HTTP/1.1\r\n\r\n");
    script = script.server(format!("HTTP/1.1 200 OK\r\n{typed}"));
    for status in ["204 No Content", "304 Not Modified"] {
        script = script
            .client(GET)
            .server(format!("HTTP/1.1 {status}\r\n{typed}"));
    }
    let script = script.client(GET).server(CHUNKED);
    assert_eq!(
        script
            .told()
            .into_iter()
            .filter(|line| line.contains("response "))
            .collect::<Vec<_>>(),
        [
            "2 response begins",
            "2 response 200 no body",
            "2 response end",
            "4 response begins",
            "4 response 204 no body",
            "4 response end",
            "6 response begins",
            "6 response 304 no body",
            "6 response end",
            "8 response begins",
            "8 response 200 chunked",
        ]
    );
    assert_eq!(script.openings().len(), 1);
}

#[test]
fn any_status_with_the_media_type_is_a_session() {
    let script =
        Script::stream("HTTP/1.1 503 Busy\r\nContent-Type: TEXT/Event-Stream;charset=x\r\n\r\n");
    assert_eq!(script.openings().len(), 1);
    assert_eq!(
        script.openings()[0]
            .response
            .as_ref()
            .unwrap()
            .media_type
            .as_deref(),
        Some("text/event-stream")
    );
}

#[test]
fn of_several_content_types_the_last_valid_one_counts() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Type: text/event-stream\r\nContent-Type: x\r\n\r\n";
    let script = Script::stream(head);
    let response = script.openings()[0].response.clone().unwrap();
    assert_eq!(response.content_type.as_deref(), Some("text/event-stream"));
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Type: text/html\r\n\r\n";
    assert!(Script::stream(head).openings().is_empty());
}

#[test]
fn heads_with_bare_line_feeds_folds_and_odd_spaces_are_read() {
    let head = "HTTP/1.1  200\nContent-Type : text/event-stream;\n  charset=utf-8\nX-Bad Name: 1\nTransfer-Encoding:\tchunked \n\n";
    let script = Script::new()
        .client("GET /日本 HTTP/1.1\nHost: a\n\n")
        .server(head);
    assert_eq!(script.told_from(1)[1], "1 request GET /日本");
    let response = script.openings()[0].response.clone().unwrap();
    assert_eq!(
        response.content_type.as_deref(),
        Some("text/event-stream; charset=utf-8")
    );
    assert_eq!(response.framing, Some(Framing::Chunked));
}

#[test]
fn heads_with_characters_where_none_may_be_are_read_and_it_is_said() {
    let script = Script::new()
        .client("GET /a b?c HTTP/1.1\r\nHost: a\0\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Type: text/event-stream\r\nTransfer-Enc")
        .server("oding: chunked\r\n\r\n")
        .server(chunk("data: a\n\n"));
    assert_eq!(
        script.told(),
        [
            "1 request begins",
            "1 request GET /a b?c",
            "1 trouble: the request head has characters where none may be (NUL, a bare CR, a space in the target)",
            "2 response begins",
            "3 response 200 chunked",
            "3 trouble: the response head has characters where none may be (NUL, a bare CR)",
            "3 S0 opens",
            "2 S0 event-stream",
            "4 S0 chunk 1, 9",
            "4 S0 event 1 message \"a\" frames 4-4 chunks 1-1",
        ]
    );
    let response = script.openings()[0].response.clone().unwrap();
    assert_eq!(response.fields[0], ("X".into(), "a b".into()));
}

#[test]
fn a_request_line_without_a_target_is_none() {
    let script = Script::new()
        .client("OPTIONS HTTP/1.1\r\nHost: a\r\n\r\n")
        .client(GET)
        .server(CHUNKED);
    assert_eq!(
        script.told()[1..3],
        [
            "1 trouble: the request head cannot be read (invalid token); reading resumes at the next request",
            "2 request begins",
        ]
    );
}

#[test]
fn a_framing_that_others_may_read_in_another_way_is_said() {
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let script = Script::new()
        .client(format!("POST / HTTP/1.1\r\n{both}0\r\n\r\n"))
        .server(format!("HTTP/1.1 200 OK\r\n{both}0\r\n\r\n"))
        .client(GET)
        .server("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    let troubles: Vec<_> = script
        .told()
        .into_iter()
        .filter(|line| line.contains("trouble"))
        .collect();
    assert_eq!(
        troubles,
        [
            "1 trouble: there is a Content-Length beside the Transfer-Encoding, which counts",
            "2 trouble: there is a Content-Length beside the Transfer-Encoding, which counts",
            "4 trouble: HTTP/1.0 knows no Transfer-Encoding: some take the chunks for the body",
        ]
    );
}

#[test]
fn interim_responses_do_not_consume_the_request() {
    let script = Script::new()
        .client("POST /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Type: text/event-stream\r\n\r\n")
        .client("hi")
        .server(CHUNKED);
    assert_eq!(
        script.told(),
        [
            "1 request begins",
            "1 request POST /a",
            "2 response begins",
            "2 informational 100",
            "2 response begins",
            "2 informational 103",
            "3 request body 2",
            "4 response begins",
            "4 response 200 chunked",
            "4 S0 opens",
            "4 S0 event-stream",
        ]
    );
    assert_eq!(script.openings()[0].request_end, Some(at(3)));
}

#[test]
fn a_body_that_was_answered_before_it_was_sent_does_not_swallow_the_next_request() {
    let post = "POST /a HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let refused = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let script = Script::new().client(post).server(refused);
    let script = script.client(GET).server(CHUNKED);
    assert_eq!(
        script.told_from(3),
        [
            "3 request begins",
            "3 request GET /events",
            "4 response begins",
            "4 response 200 chunked",
            "4 S0 opens",
            "4 S0 event-stream",
        ]
    );
    // Some send it all the same, or do not wait.
    let script = Script::new().client(post).server(refused).client("hello");
    assert_eq!(script.told_from(3), ["3 request body 5"]);
    let script = Script::new().client(format!("{post}hello{GET}"));
    assert_eq!(
        script.told(),
        [
            "1 request begins",
            "1 request POST /a",
            "1 request body 5",
            "1 request begins",
            "1 request GET /events",
        ]
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let two = format!("GET /a HTTP/1.1\r\n\r\n{GET}");
    let script = Script::new()
        .client(two)
        .client("GET /c HTTP/1.1\r\n\r\n")
        .server([json, CHUNKED].concat());
    let responses: Vec<_> = script
        .told()
        .into_iter()
        .filter(|line| line.contains("response 200"))
        .collect();
    assert_eq!(
        responses,
        [
            "3 response 200 content-length, 1 waits",
            "3 response 200 chunked, 2 waits"
        ]
    );
    let request = script.openings()[0].request.clone().unwrap();
    assert_eq!(request.target, "/events");
    assert_eq!(script.stack.unanswered(), Some(at(2)));
}

#[test]
fn a_request_body_that_goes_on_after_the_response_began_is_in_the_ending() {
    let script = Script::new()
        .client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .server(CHUNKED)
        .client("0\r\n\r\n")
        .server("0\r\n\r\n");
    assert_eq!(script.openings()[0].request_end, None);
    assert_eq!(script.endings()[0].request_end, Some(at(3)));
}

#[test]
fn chunks_of_a_request_are_no_chunks_of_a_response() {
    let script = Script::new()
        .client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(
        script.told(),
        ["1 request begins", "1 request POST /", "1 request body 13"]
    );
}

#[test]
fn an_answer_before_the_requests_head_is_complete_answers_it() {
    let script = Script::new()
        .client("GET /slow HTTP/1.1\r\nHost")
        .server("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")
        .client(": a\r\n\r\n")
        .client(GET)
        .server(CHUNKED);
    assert_eq!(
        script.openings()[0].request.as_ref().unwrap().target,
        "/events"
    );
    assert_eq!(script.stack.unanswered(), None);
}

#[test]
fn a_response_whose_request_was_not_captured_has_none() {
    let script = Script::new().server(CHUNKED).server(chunk("data: a\n\n"));
    assert!(script.openings()[0].request.is_none());
    assert_eq!(script.data_of_events(), ["a"]);
}

#[test]
fn a_capture_begun_in_a_body_is_read_from_the_next_head_on() {
    let script = Script::new()
        .server("...the rest of something")
        .client("and of something else")
        .client(GET)
        .server("more\r\n\r\n")
        .server(CHUNKED)
        .server(chunk("data: a\n\n"));
    assert_eq!(script.told()[0], "3 request begins");
    assert_eq!(script.data_of_events(), ["a"]);
    assert_eq!(
        script.openings()[0].request.as_ref().unwrap().target,
        "/events"
    );
}

#[test]
fn a_head_longer_than_the_cap_is_said_and_the_next_one_read() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(200_000));
    let script = Script::new()
        .client(GET)
        .server(long)
        .server("y")
        .server(CHUNKED);
    assert_eq!(
        script.told_from(3),
        [
            "4 response begins",
            "4 response 200 chunked",
            "4 S0 opens",
            "4 S0 event-stream"
        ]
    );
    assert!(script.told()[3].contains("longer than any client takes"));
}

#[test]
fn a_head_with_more_than_a_few_fields_is_read() {
    let fields: String = (0..500).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Type: text/event-stream\r\n\r\n");
    let script = Script::stream(&head);
    assert_eq!(
        script.openings()[0].response.as_ref().unwrap().fields.len(),
        501
    );
}

#[test]
fn bytes_that_are_no_response_are_said_once_and_skipped() {
    let script = Script::stream("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        .server("junk")
        .server("more junk")
        .client(GET)
        .server(CLOSE);
    assert_eq!(
        script.told_from(3)[0],
        "3 trouble: bytes behind the end of a response; reading resumes at the next one"
    );
    assert_eq!(script.openings().len(), 1);
}

#[test]
fn events_behind_a_content_length_that_is_too_short_are_none() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n";
    let more = ["data: b\n\n"; 4];
    let script = Script::stream(head).server("data: a\n\n");
    let script = more.iter().fold(script, Script::server);
    assert_eq!(script.data_of_events(), ["a"]);
    assert_eq!(
        script.told_from(4),
        ["4 trouble: bytes behind the end of a response; reading resumes at the next one"]
    );
    // Where bytes are missing nobody knows what they belong to.
    let script = more.iter().fold(script.server_misses(100), Script::server);
    assert_eq!(
        (script.openings().len(), script.data_of_events().len()),
        (2, 3)
    );
}

#[test]
fn after_101_the_connection_speaks_something_else() {
    let script = Script::new()
        .client("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x01\x02")
        .server("HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(
        script.told_from(2),
        [
            "2 response begins",
            "2 informational 101",
            "2 upgrade websocket"
        ]
    );
    assert_eq!(script.stack.protocol(), Protocol::WebSocket);
    assert_eq!(script.stack.unanswered(), None);
}

#[test]
fn inside_a_tunnel_that_connect_made_everything_is_looked_at_anew() {
    let script = Script::new()
        .client("CONNECT a:80 HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .client(GET)
        .server(CHUNKED)
        .server(chunk("data: a\n\n"));
    assert_eq!(
        script.told_from(2)[..4],
        [
            "2 response begins",
            "2 response 200 no body",
            "2 upgrade CONNECT",
            "2 response end"
        ]
    );
    assert_eq!(script.data_of_events(), ["a"]);
    let tls = Script::new()
        .client("CONNECT a:443 HTTP/1.1\r\n\r\n")
        .server("HTTP/1.1 200 OK\r\n\r\n")
        .client([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
    assert_eq!(tls.stack.protocol(), Protocol::Tls);
}

#[test]
fn other_protocols_are_told_and_nothing_is_said_of_them() {
    let cases: [(&[u8], Protocol); 5] = [
        (&[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0], Protocol::Tls),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::Http2),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Protocol::Unknown),
        (b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", Protocol::Unknown),
        (b"\0\0\0\x0c", Protocol::Unknown),
    ];
    for (bytes, protocol) in cases {
        let script = Script::new().client(bytes);
        assert_eq!(script.stack.protocol(), protocol);
        assert!(script.said.is_empty(), "{:?}", script.told());
        assert_eq!(script.stack.unanswered(), None);
    }
    assert_eq!(Script::new().stack.protocol(), Protocol::None);
}

#[test]
fn what_looked_like_a_request_is_none_when_its_line_says_so() {
    let script = Script::new().client("GET").client(" key\r\n");
    assert_eq!(script.told(), ["1 request begins"]);
    assert_eq!(script.stack.unanswered(), None);
    assert_eq!(script.stack.protocol(), Protocol::Unknown);
}

#[test]
fn one_byte_segments_say_the_same_of_the_frames_that_complete() {
    let body = [CHUNKED.as_bytes(), &chunk("data: a\n\n"), b"0\r\n\r\n"].concat();
    let script = Script::new().client(GET).server_in_pieces(&body, 1);
    let lines = script.told();
    // The head is 88 bytes long, its Content-Type's value ends with byte 48, the chunk's data with byte 100.
    let head = 1 + CHUNKED.len() as u64;
    assert!(lines.contains(&"2 response begins".into()));
    assert!(lines.contains(&format!("{head} response 200 chunked")));
    let value = 1 + CHUNKED.find("\r\nTransfer").unwrap() as u64;
    assert!(
        lines.contains(&format!("{value} S0 event-stream")),
        "{lines:#?}"
    );
    let (first, last) = (head + 4, head + 12);
    assert!(lines.contains(&format!("{last} S0 chunk 1, 9")));
    assert!(lines.contains(&format!(
        "{last} S0 event 1 message \"a\" frames {first}-{last} chunks 1-1"
    )));
    assert!(lines.contains(&format!("{} S0 terminating chunk", 1 + body.len())));
}

#[test]
fn streams_of_other_forms_are_listed_with_their_pieces() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson; a=b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let script = Script::stream(head)
        .server(chunk("{}\n{\"a\":"))
        .server(chunk("1}\n{}"))
        .server("0\r\n\r\n");
    let streams = script.stack.other_streams();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].frame.0, 2);
    assert_eq!(streams[0].content_type, "application/x-ndjson; a=b");
    assert_eq!(streams[0].pieces, 2);
    assert!(
        script
            .told()
            .contains(&"2 other stream application/x-ndjson".into())
    );
    assert!(script.openings().is_empty());
}

#[test]
fn more_requests_than_the_cap_are_not_matched_any_more() {
    let requests = GET.repeat(1_025);
    let script = Script::new().client(requests).server(CHUNKED);
    let troubles = script
        .said
        .iter()
        .filter(|said| matches!(said.fact, Fact::Trouble(_)));
    assert_eq!(troubles.count(), 1);
    assert!(script.openings()[0].request.is_none());
}

#[test]
fn a_later_minor_version_is_read_as_http_1_1_and_named_as_sent() {
    for minor in 2..=9 {
        let version = format!("HTTP/1.{minor}");
        let get = GET.replace("HTTP/1.1", &version);
        let head = CHUNKED.replace("HTTP/1.1", &version);
        let script = Script::new()
            .client(&get[..30])
            .client(&get[30..])
            .server(&head[..9])
            .server(&head[9..])
            .server(chunk("data: a\n\n"));
        assert_eq!(script.data_of_events(), ["a"], "{version}");
        let opened = script.openings()[0];
        let (request, response) = (opened.request.as_ref(), opened.response.as_ref());
        assert_eq!(request.unwrap().version, version);
        assert_eq!(response.unwrap().version, version);
        let told = script.told();
        assert!(!told.concat().contains("trouble"), "{told:#?}");
    }
}

#[test]
fn a_later_minor_version_of_a_head_with_a_space_in_its_target_is_named_too() {
    let script = Script::new()
        .client("GET /a b HTTP/1.7\r\nHost: a\r\n\r\n")
        .server(CLOSE);
    let request = script.openings()[0].request.as_ref().unwrap();
    assert_eq!((&*request.target, &*request.version), ("/a b", "HTTP/1.7"));
}
