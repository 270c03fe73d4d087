use proptest::prelude::*;

use super::*;

const KEYS: [Key; 4] = [
    Key { name: "name", holds: Holds::Text },
    Key { name: "presence", holds: Holds::Words(&["online", "offline"]) },
    Key { name: "xen", holds: Holds::Version },
    Key { name: "epoch", holds: Holds::Number },
];

fn key(key: &str, compares: Compares, values: &[&str]) -> Is {
    Is::Key {
        key: key.into(),
        compares,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn said(text: &str) -> Vec<Is> {
    parse(text).unwrap().terms.into_iter().map(|term| term.is).collect()
}

fn refused(text: &str) -> (usize, Problem) {
    let error = parse(text).and_then(|filter| filter.check(&KEYS)).unwrap_err();
    (error.at, error.problem)
}

#[test]
fn terms_are_words_and_comparisons_in_any_order() {
    assert_eq!(
        said(r#"pbx presence=online xen<4.17 name~"a b" epoch!=1,2"#),
        [
            Is::Word("pbx".into()),
            key("presence", Compares::Equal, &["online"]),
            key("xen", Compares::Less, &["4.17"]),
            key("name", Compares::Contains, &["a b"]),
            key("epoch", Compares::Differs, &["1", "2"]),
        ]
    );
}

#[test]
fn a_quote_may_hold_anything() {
    assert_eq!(
        said(r#""presence=online" name="say \"a\\b\"",x name="""#),
        [
            Is::Word("presence=online".into()),
            key("name", Compares::Equal, &["say \"a\\b\"", "x"]),
            key("name", Compares::Equal, &[""]),
        ]
    );
}

#[test]
fn nothing_filters_nothing() {
    assert_eq!(parse("").unwrap(), Filter::default());
    assert_eq!(parse(" \t ").unwrap(), Filter::default());
}

#[test]
fn a_refusal_says_where_and_what() {
    assert_eq!(refused("name=x presense=online"), (8, Problem::UnknownKey("presense".into())));
    assert_eq!(refused("a =x"), (3, Problem::NoKey("=")));
    assert_eq!(refused("name= x"), (6, Problem::NoValue("=")));
    assert_eq!(refused("x name=\"y"), (8, Problem::OpenQuote));
    assert_eq!(refused("name=x\"y\""), (7, Problem::StrayQuote));
    assert_eq!(refused("xen<1,2"), (1, Problem::OneValue("<")));
    assert!(matches!(refused("presence<online").1, Problem::Incomparable { .. }));
    assert!(matches!(refused("presence=onlin").1, Problem::NotOneOf { .. }));
    assert!(matches!(refused("epoch=two").1, Problem::NotANumber { .. }));
}

#[test]
fn a_refusal_of_a_key_names_the_keys_that_there_are() {
    let error = parse("nme=x").unwrap().check(&KEYS).unwrap_err();

    assert_eq!(error.what_to_do(), "The keys are name, presence, xen, epoch.");
}

#[test]
fn a_filter_without_an_end_is_refused_unread() {
    assert_eq!(refused(&"x".repeat(LONGEST + 1)), (1, Problem::TooLong));
}

fn term() -> impl Strategy<Value = Is> {
    let compares = prop_oneof![
        Just(Compares::Equal),
        Just(Compares::Differs),
        Just(Compares::Less),
        Just(Compares::Greater),
        Just(Compares::Contains),
    ];
    prop_oneof![
        any::<String>().prop_map(Is::Word),
        ("[a-z_]{1,8}", compares, prop::collection::vec(any::<String>(), 1..4))
            .prop_map(|(key, compares, values)| Is::Key { key, compares, values }),
    ]
}

proptest! {
    #[test]
    fn no_text_at_all_makes_the_reader_panic(text in any::<String>()) {
        let _filter = parse(&text).map(|filter| filter.check(&KEYS));
    }

    #[test]
    fn no_text_of_the_language_s_own_letters_makes_it_panic(text in r#"[a-c=!<>~,"\\ ]{0,40}"#) {
        let _filter = parse(&text).map(|filter| filter.check(&KEYS));
    }

    #[test]
    fn what_is_printed_is_read_as_it_was(said in prop::collection::vec(term(), 0..5)) {
        let filter = Filter { terms: said.into_iter().map(|is| Term { at: 1, is }).collect() };
        let text = filter.to_string();
        prop_assume!(text.len() <= LONGEST);

        prop_assert_eq!(parse(&text).unwrap(), filter);
    }
}
