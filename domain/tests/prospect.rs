//! Who counts as a prospect, and by what a campaign knows them again.

use domain::campaign::{
    InvalidMatchKey, MatchKey, MatchSecret, Prospect, ProspectRecord, UnknownPerson,
};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};

/// The secrets of two campaigns.
const COUNT: MatchSecret = MatchSecret::new([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31,
]);
const ONES: MatchSecret = MatchSecret::new([0xFF; 32]);

fn nobody() -> ProspectRecord {
    ProspectRecord::default()
}

/// Both names and the company.
fn anne() -> ProspectRecord {
    ProspectRecord {
        first_name: some("Anne"),
        last_name: some("Éxample"),
        company: some("ACME"),
        ..nobody()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a record may lack any of its texts")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

macro_rules! email {
    ($text:expr) => {
        Some(EmailAddress::parse($text).unwrap())
    };
}

macro_rules! page {
    ($text:expr) => {
        Some(LinkedinUrl::parse($text).unwrap())
    };
}

macro_rules! phone {
    ($text:expr) => {
        Some(PhoneNumber::parse($text).unwrap())
    };
}

type Keys = Result<Vec<MatchKey>, UnknownPerson>;

fn keys(secret: &MatchSecret, record: ProspectRecord) -> Keys {
    Prospect::try_new(record).map(|prospect| prospect.match_keys(secret))
}

/// The one key, as it is stored.
fn written(keys: Keys) -> Result<[String; 1], UnknownPerson> {
    let keys: Vec<String> = keys?.into_iter().map(String::from).collect();
    keys.try_into().map_err(|_| UnknownPerson)
}

fn assert_same_person(one: ProspectRecord, other: ProspectRecord) {
    let one = keys(&COUNT, one);
    assert!(one.is_ok());
    assert_eq!(one, keys(&COUNT, other));
}

/// No key of one is a key of the other.
fn assert_strangers(one: ProspectRecord, other: ProspectRecord) {
    let (one, other) = (keys(&COUNT, one), keys(&COUNT, other));
    assert!(one.is_ok() && other.is_ok());
    let others = other.unwrap_or_default();
    for key in one.unwrap_or_default() {
        assert!(!others.contains(&key), "{key:?}");
    }
}

#[test]
fn one_contact_makes_a_prospect() {
    for record in [
        ProspectRecord { email: email!("anne@example.test"), ..nobody() },
        ProspectRecord { linkedin_url: page!("https://linkedin.com/in/anne"), ..nobody() },
        ProspectRecord { phone: phone!("+14155552671"), ..nobody() },
    ] {
        assert_eq!(Prospect::try_new(record.clone()).unwrap().record(), &record);
    }
}

#[test]
fn both_names_and_the_company_make_a_prospect() {
    assert_eq!(Prospect::try_new(anne()).unwrap().record(), &anne());
}

#[test]
fn without_a_contact_every_part_of_the_identity_is_needed() {
    for record in [
        nobody(),
        ProspectRecord { job_title: some("Buyer"), ..nobody() },
        ProspectRecord { first_name: None, ..anne() },
        ProspectRecord { last_name: None, ..anne() },
        ProspectRecord { company: None, ..anne() },
        ProspectRecord { company: None, job_title: some("Buyer"), ..anne() },
        ProspectRecord { first_name: some("Anne"), ..nobody() },
        ProspectRecord { last_name: some("Example"), ..nobody() },
        ProspectRecord { company: some("ACME"), ..nobody() },
    ] {
        assert_eq!(Prospect::try_new(record), Err(UnknownPerson));
    }
}

/// Computed elsewhere, with Python's `hmac.new(secret, message, hashlib.sha256)`, where `message` is the
/// kind and each text, each after its length in eight bytes, the highest first.
#[test]
fn a_match_key_is_the_hmac_of_kind_and_texts_under_the_campaigns_secret() {
    let by_phone = ProspectRecord { phone: phone!("+14155552671"), ..nobody() };
    let by_both = ProspectRecord { phone: phone!("+14155552671"), ..anne() };
    let by_email = ProspectRecord { email: email!("Anne@Example.TEST"), ..nobody() };
    let by_page = ProspectRecord {
        linkedin_url: page!("https://de.linkedin.com/in/Anne-Example/?trk=x"),
        ..nobody()
    };
    for (record, [under_count, under_ones]) in [
        (
            by_email,
            [
                "d8a002e873fa7a90667658fde762ec6dcb4fa55d7a680f34c29101ab16e035df",
                "f3a53420374fe2407d0b7486da84085f8fef77afbf3c2c5d7f5693b2931309ed",
            ],
        ),
        (
            by_page,
            [
                "42879614e749a9aa7b6db5eed369a9b020b439fd89fe5ab8e217c3d56c75907b",
                "67591356f462a9eec0fc3c552f1618146d6aa3c3a12ee82ebe2a6106185f881e",
            ],
        ),
        (
            by_both,
            [
                "744271b2f5d7730776439fb0850fe38c2424062fe46898c002770f8e8aae9c78",
                "77744c255920795df79bfd785cd6493f16d602c8a23cd4a053e2e8cbee1b6074",
            ],
        ),
        (
            by_phone,
            [
                "e745767b33102ebfe07d74711881ac01ce1fed487639c5d9d0b5aa1897902d51",
                "c794164340b95d530d2743f57343f7bcfa019ffd251f3b7eaaeebb1a64cb3404",
            ],
        ),
        (
            anne(),
            [
                "6554392423d5904775584291adde5db8ca31b6caf118de27ea91bb4d5f3e710b",
                "399afb6183650db98124ba3cf4baa67ab36461a9f16e56e32cc569285c356d00",
            ],
        ),
    ] {
        assert_eq!(written(keys(&COUNT, record.clone())), Ok([under_count.to_owned()]));
        assert_eq!(written(keys(&ONES, record)), Ok([under_ones.to_owned()]));
    }
}

#[test]
fn an_email_address_is_surer_than_a_page_and_either_is_surer_than_a_name() {
    let by_email = ProspectRecord { email: email!("anne@example.test"), ..nobody() };
    let by_page =
        ProspectRecord { linkedin_url: page!("https://linkedin.com/in/anne"), ..nobody() };
    let all = ProspectRecord {
        email: by_email.email.clone(),
        linkedin_url: by_page.linkedin_url.clone(),
        phone: phone!("+14155552671"),
        job_title: some("Buyer"),
        ..anne()
    };
    let expected = [keys(&COUNT, by_email).unwrap(), keys(&COUNT, by_page).unwrap()].concat();
    assert_eq!(expected.len(), 2);
    assert_eq!(keys(&COUNT, all), Ok(expected));
}

#[test]
fn names_and_number_do_not_count_for_someone_with_an_email_address_or_a_page() {
    for record in [
        ProspectRecord { email: email!("anne@example.test"), ..nobody() },
        ProspectRecord { linkedin_url: page!("https://linkedin.com/in/anne"), ..nobody() },
    ] {
        assert_same_person(
            record.clone(),
            ProspectRecord {
                email: record.email,
                linkedin_url: record.linkedin_url,
                phone: phone!("+14155552671"),
                ..anne()
            },
        );
    }
}

#[test]
fn one_person_written_in_different_ways_is_one_person() {
    let by_email = |text| ProspectRecord { email: email!(text), ..nobody() };
    assert_same_person(by_email("anne@example.test"), by_email(" ANNE@example.TEST "));
    let by_page = |text| ProspectRecord { linkedin_url: page!(text), ..nobody() };
    for text in [
        "http://www.linkedin.com/in/anne",
        "https://linkedin.com/in/anne",
        "https://de.linkedin.com/in/anne",
        "https://www.linkedin.com/in/anne/",
        "https://www.linkedin.com/in/anne/?trk=share",
        "https://www.linkedin.com/in/anne#top",
        "HTTPS://WWW.LINKEDIN.COM/IN/ANNE",
    ] {
        assert_same_person(by_page("https://www.linkedin.com/in/anne"), by_page(text));
    }
    assert_same_person(
        anne(),
        ProspectRecord {
            first_name: some("ANNE"),
            last_name: some("éXAMPLE"),
            company: some("Acme"),
            job_title: some("Buyer"),
            ..nobody()
        },
    );
}

#[test]
fn different_people_share_no_key() {
    let by_email = |text| ProspectRecord { email: email!(text), ..nobody() };
    assert_strangers(by_email("anne@example.test"), by_email("bob@example.test"));
    assert_strangers(by_email("anne@example.test"), by_email("anne+1@example.test"));
    let by_page = |text| ProspectRecord { linkedin_url: page!(text), ..nobody() };
    assert_strangers(
        by_page("https://linkedin.com/in/anne"),
        by_page("https://linkedin.com/pub/anne"),
    );
    assert_strangers(anne(), ProspectRecord { first_name: some("Bob"), ..anne() });
    assert_strangers(anne(), ProspectRecord { last_name: some("Other"), ..anne() });
    assert_strangers(anne(), ProspectRecord { company: some("Globex"), ..anne() });
}

#[test]
fn colleagues_at_one_number_are_different_people() {
    let at_work =
        |name| ProspectRecord { first_name: some(name), phone: phone!("+14155552671"), ..nobody() };
    assert_strangers(at_work("Anne"), at_work("Bob"));
    assert_strangers(at_work("Anne"), ProspectRecord { first_name: None, ..at_work("Anne") });
    assert_strangers(at_work("Anne"), ProspectRecord { company: some("ACME"), ..at_work("Anne") });
    assert_strangers(at_work("Anne"), ProspectRecord { last_name: some("A"), ..at_work("Anne") });
    assert_strangers(
        at_work("Anne"),
        ProspectRecord { phone: phone!("+14155552672"), ..at_work("Anne") },
    );
    assert_strangers(anne(), ProspectRecord { phone: phone!("+14155552671"), ..anne() });
}

#[test]
fn names_in_each_others_place_are_someone_else() {
    let called = |first: &str, last: &str, company: &str| ProspectRecord {
        first_name: some(first),
        last_name: some(last),
        company: some(company),
        ..nobody()
    };
    assert_strangers(called("anne", "example", "acme"), called("example", "anne", "acme"));
    assert_strangers(called("anne", "example", "acme"), called("anne", "acme", "example"));
    assert_strangers(called("anne", "example", "acme"), called("annee", "xample", "acme"));
    assert_strangers(called("anne", "example", "acme"), called("anne", "examplea", "cme"));
}

#[test]
fn campaigns_do_not_know_each_others_prospects() {
    for record in [
        ProspectRecord { email: email!("anne@example.test"), ..nobody() },
        ProspectRecord { linkedin_url: page!("https://linkedin.com/in/anne"), ..nobody() },
        ProspectRecord { phone: phone!("+14155552671"), ..nobody() },
        anne(),
    ] {
        assert_ne!(keys(&COUNT, record.clone()).unwrap(), keys(&ONES, record).unwrap());
    }
}

#[test]
fn every_byte_of_the_secret_counts() {
    let base = COUNT.key("email", &["anne@example.test"]);
    for byte in 0..32 {
        let mut bytes = *COUNT.as_bytes();
        bytes[byte] ^= 0x80;
        assert_ne!(MatchSecret::new(bytes).key("email", &["anne@example.test"]), base, "{byte}");
    }
}

#[test]
fn the_kind_keeps_equal_texts_apart() {
    let kinds = ["email", "linkedin", "person"];
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        assert_ne!(COUNT.key(kinds[one], &["anne"]), COUNT.key(kinds[other], &["anne"]));
    }
}

#[test]
fn texts_do_not_run_into_each_other() {
    let all: [(&str, &[&str]); 13] = [
        ("k", &["ab", "c"]),
        ("k", &["a", "bc"]),
        ("k", &["abc"]),
        ("k", &["abc", ""]),
        ("k", &["", "abc"]),
        ("k", &["", "abc", ""]),
        ("k", &["c", "ab"]),
        ("ka", &["b", "c"]),
        ("kabc", &[]),
        ("", &["k", "abc"]),
        // The length that precedes a text, written into the one before it.
        ("k", &["a", "b"]),
        ("k", &["a\0\0\0\0\0\0\0\u{1}b"]),
        ("k\0\0\0\0\0\0\0\u{1}a", &["b"]),
    ];
    for (place, (kind, texts)) in all.iter().enumerate() {
        for (other_kind, other_texts) in &all[..place] {
            assert_ne!(
                COUNT.key(kind, texts),
                COUNT.key(other_kind, other_texts),
                "{kind:?} {texts:?} and {other_kind:?} {other_texts:?}"
            );
        }
    }
}

#[test]
fn a_match_key_is_64_hexadecimal_digits_and_leads_back_to_its_bytes() {
    let key = COUNT.key("email", &["anne@example.test"]);
    let text = "d8a002e873fa7a90667658fde762ec6dcb4fa55d7a680f34c29101ab16e035df";
    assert_eq!(format!("{key:?}"), text);
    assert_eq!(text.parse(), Ok(key));
    assert_eq!(serde_json::to_value(key).unwrap(), text);
    assert_eq!(serde_json::from_value::<MatchKey>(text.into()).unwrap(), key);
}

#[test]
fn a_text_that_is_no_match_key_is_refused() {
    let digits = "0".repeat(64);
    for text in [
        String::new(),
        format!("{digits}0"),
        format!("{digits}00"),
        digits[1..].to_owned(),
        digits[2..].to_owned(),
        format!("g{}", &digits[1..]),
        format!(" {}", &digits[1..]),
        format!("é{}", &digits[2..]),
        format!("sha256:{digits}"),
    ] {
        assert_eq!(text.parse::<MatchKey>(), Err(InvalidMatchKey), "{text:?}");
        assert!(serde_json::from_value::<MatchKey>(text.into()).is_err());
    }
}

#[test]
fn neither_a_secret_nor_a_person_shows_in_debug() {
    assert_eq!(format!("{COUNT:?}"), "MatchSecret(..)");
    let record = ProspectRecord {
        job_title: some("Buyer"),
        email: email!("anne@example.test"),
        linkedin_url: page!("https://linkedin.com/in/anne"),
        phone: phone!("+14155552671"),
        ..anne()
    };
    assert_eq!(format!("{record:?}"), "ProspectRecord(..)");
    assert_eq!(format!("{:?}", Prospect::try_new(record)), "Ok(Prospect(ProspectRecord(..)))");
}
