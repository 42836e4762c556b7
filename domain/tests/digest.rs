//! How a digest is written, and that nothing else is read as one.

use domain::token::{InvalidDigest, TokenDigest};

#[test]
fn a_digest_names_its_algorithm_and_leads_back_to_its_bytes() {
    let digest = TokenDigest::new(std::array::from_fn(|byte| u8::try_from(byte).unwrap()));
    let text = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    assert_eq!(digest.to_string(), text);
    assert_eq!(format!("{digest:?}"), text);
    assert_eq!(text.parse(), Ok(digest));
    assert_eq!(serde_json::to_value(digest).unwrap(), text);
    assert_eq!(serde_json::from_value::<TokenDigest>(text.into()).unwrap(), digest);
}

#[test]
fn a_text_that_is_no_digest_is_refused() {
    let digits = "0".repeat(64);
    for text in [
        String::new(),
        digits.clone(),
        "sha256:".to_owned(),
        format!("sha512:{digits}"),
        format!("SHA256:{digits}"),
        format!("sha256:{digits}0"),
        format!("sha256:{digits}00"),
        format!("sha256:{}", &digits[1..]),
        format!("sha256:{}", &digits[2..]),
        format!("sha256:g{}", &digits[1..]),
        format!("sha256: {}", &digits[1..]),
        format!("sha256:é{}", &digits[2..]),
        format!(" sha256:{digits}"),
        format!("sha256:{digits} "),
    ] {
        assert_eq!(text.parse::<TokenDigest>(), Err(InvalidDigest), "{text:?}");
        assert!(serde_json::from_value::<TokenDigest>(text.into()).is_err());
    }
}
