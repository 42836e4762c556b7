//! Which texts are contacts, and that a contact shows nobody whose it is.

use std::fmt::Debug;

use domain::contact::{EmailAddress, InvalidContact, LinkedinUrl, PhoneNumber};

const NO_PHONE: InvalidContact = InvalidContact("a phone number in E.164 form, like +14155552671");
const NO_EMAIL: InvalidContact = InvalidContact("an e-mail address");
const NO_PAGE: InvalidContact =
    InvalidContact("a LinkedIn address, like https://www.linkedin.com/in/name");

/// `linkedin.com` with one letter that only looks like it.
const CYRILLIC: &str = "https://www.linkedіn.com/in/anne";

/// Of the page at this address.
fn normal_form(text: &str) -> Result<String, InvalidContact> {
    LinkedinUrl::parse(text).map(|page| page.normalised())
}

#[test]
fn a_phone_number_is_plus_and_7_to_15_digits_and_is_kept_as_it_is() {
    for text in ["+1234567", "+14155552671", "+442071838750", "+100000000000000"] {
        assert_eq!(PhoneNumber::parse(text).expect(text).as_str(), text);
    }
}

#[test]
fn a_text_that_is_no_phone_number_is_refused() {
    for text in [
        "",
        "+",
        "+123456",
        "+1234567890123456",
        "14155552671",
        "0014155552671",
        "+04155552671",
        "+0000000",
        "++14155552671",
        "+-4155552671",
        "+1 4155552671",
        "+1-415-555-2671",
        "+1(415)5552671",
        "+1415555267a",
        "+1415555267x2",
        "+1.4155552671",
        "+1e10000000",
        " +14155552671",
        "+14155552671 ",
        "+14155552671\n",
        "+14155552671\0",
        "+14155552671;ext=1",
        "tel:+14155552671",
        // 14 bytes, all of them digits to a reader: Arabic-Indic, and full width.
        "+١٢٣٤٥٦٧",
        "+１２３４５",
        // The plus sign is full width.
        "＋14155552671",
    ] {
        assert_eq!(PhoneNumber::parse(text), Err(NO_PHONE), "{text:?}");
    }
}

#[test]
fn an_email_address_is_trimmed_and_written_in_lower_case() {
    for (text, address) in [
        ("anne@example.test", "anne@example.test"),
        ("Anne@Example.TEST", "anne@example.test"),
        (" \tanne@example.test\r\n", "anne@example.test"),
        ("a@b", "a@b"),
        ("anne+tag@example.test", "anne+tag@example.test"),
        ("ÉMILE@EXAMPLE.TEST", "émile@example.test"),
    ] {
        assert_eq!(EmailAddress::parse(text).expect(text).as_str(), address);
    }
}

#[test]
fn a_text_that_is_no_email_address_is_refused() {
    for text in [
        "",
        " ",
        "@",
        "anne",
        "anne.example.test",
        "@example.test",
        "anne@",
        "anne@@example.test",
        "anne@example@test",
        "anne@example.test@",
        "@anne@example.test",
        "anne @example.test",
        "anne@ example.test",
        "anne@exam ple.test",
        "anne\u{a0}b@example.test",
        "anne@example.test\nBcc: bob@example.test",
        "anne\r@example.test",
        "anne\0@example.test",
        "anne\u{7f}@example.test",
        "anne\u{85}b@example.test",
    ] {
        assert_eq!(EmailAddress::parse(text), Err(NO_EMAIL), "{text:?}");
    }
}

#[test]
fn an_email_address_has_at_most_254_characters_spaces_around_it_aside() {
    for longest in [
        format!("{}@example.test", "a".repeat(254 - "@example.test".len())),
        // 506 bytes.
        format!("{}@b", "é".repeat(252)),
    ] {
        let padded = format!("   {longest}   ");
        assert_eq!(EmailAddress::parse(&padded).expect("the longest").as_str(), longest);
        assert_eq!(EmailAddress::parse(&format!("a{longest}")), Err(NO_EMAIL));
    }
}

#[test]
fn a_linkedin_address_is_kept_as_it_was_given() {
    for text in [
        "https://www.linkedin.com/in/anne",
        "http://www.linkedin.com/in/anne",
        "https://linkedin.com/in/anne",
        "https://de.linkedin.com/in/anne",
        "https://a.b.c-d.linkedin.com/in/anne",
        "HTTPS://WWW.LinkedIn.COM/In/Anne/",
        "https://www.linkedin.com/in/j%C3%BCrgen?trk=x&y=%20#top",
        "https://www.linkedin.com/company/acme/people/",
        "https://www.linkedin.com/in/anne@acme",
    ] {
        assert_eq!(LinkedinUrl::parse(text).expect(text).as_str(), text);
    }
}

#[test]
fn a_text_that_is_no_address_of_a_page_is_refused() {
    for text in [
        "",
        "anne",
        "https://",
        "https:///",
        "www.linkedin.com/in/anne",
        "linkedin.com/in/anne",
        "//www.linkedin.com/in/anne",
        "https:/www.linkedin.com/in/anne",
        "https:///www.linkedin.com/in/anne",
        "ftp://www.linkedin.com/in/anne",
        "javascript://www.linkedin.com/%0Aalert(1)",
        "data://www.linkedin.com/in/anne",
        " javascript:https://www.linkedin.com/in/anne",
        " https://www.linkedin.com/in/anne",
        "https://www.linkedin.com/in/anne ",
        "https://www.linkedin.com/in/anne\n",
        "\u{feff}https://www.linkedin.com/in/anne",
        "https://www.linkedin.com",
        "https://www.linkedin.com/",
        "https://www.linkedin.com///",
        "https://www.linkedin.com?in/anne",
        "https://www.linkedin.com/?in/anne",
        "https://www.linkedin.com/#in/anne",
        "https://www.linkedin.com/in/an ne",
        "https://www.linkedin.com/in/an\tne",
        "https://www.linkedin.com/in/an\nne",
        "https://www.linkedin.com/in/anne\0",
        "https://www.linkedin.com/in/jürgen",
    ] {
        assert_eq!(LinkedinUrl::parse(text), Err(NO_PAGE), "{text:?}");
    }
}

/// A browser must not be led elsewhere. It ends the host at `/`, `\`, `?` and `#`, and takes what is
/// before an `@` for a name (WHATWG URL, "authority state").
#[test]
fn a_host_that_only_looks_like_linkedin_is_refused() {
    for text in [
        "https://evil-linkedin.com/in/anne",
        "https://evillinkedin.com/in/anne",
        "https://linkedin.com.evil.test/in/anne",
        "https://www.linkedin.com.evil.test/in/anne",
        "https://linkedin.co/in/anne",
        "https://linkedin.comm/in/anne",
        "https://linkedin.evil.test/linkedin.com/in/anne",
        "https://evil.test/linkedin.com/in/anne",
        "https://evil.test/?.linkedin.com/in/anne",
        "https://evil.test?.linkedin.com/in/anne",
        "https://evil.test#.linkedin.com/in/anne",
        "https://evil.test?@www.linkedin.com/in/anne",
        "https://evil.test\\.linkedin.com/in/anne",
        "https://evil.test\\@www.linkedin.com/in/anne",
        "https://\\evil.test\\.linkedin.com/in/anne",
        "https://user@linkedin.com/in/anne",
        "https://user@www.linkedin.com/in/anne",
        "https://user:password@www.linkedin.com/in/anne",
        "https://www.linkedin.com@evil.test/in/anne",
        "https://www.linkedin.com:password@evil.test/in/anne",
        "https://evil.test@.linkedin.com/in/anne",
        "https://evil.test:443.linkedin.com/in/anne",
        "https://www.linkedin.com:8443/in/anne",
        "https://www.linkedin.com:/in/anne",
        "https://evil.test%2f.linkedin.com/in/anne",
        "https://evil.test%23.linkedin.com/in/anne",
        "https://.linkedin.com/in/anne",
        "https://www..linkedin.com/in/anne",
        "https://www.linkedin.com./in/anne",
        "https://[::1].linkedin.com/in/anne",
        "https://<b>.linkedin.com/in/anne",
        "https://\".linkedin.com/in/anne",
        "https://*.linkedin.com/in/anne",
        "https://www.linkedin。com/in/anne",
        CYRILLIC,
    ] {
        assert_eq!(LinkedinUrl::parse(text), Err(NO_PAGE), "{text:?}");
    }
}

#[test]
fn a_linkedin_address_has_at_most_2048_bytes() {
    let start = "https://www.linkedin.com/in/";
    let longest = format!("{start}{}", "a".repeat(2048 - start.len()));
    assert_eq!(LinkedinUrl::parse(&longest).expect("the longest").as_str(), longest);
    assert_eq!(LinkedinUrl::parse(&format!("{longest}a")), Err(NO_PAGE));
}

#[test]
fn addresses_of_one_page_have_one_normal_form() {
    for text in [
        "https://www.linkedin.com/in/anne",
        "http://www.linkedin.com/in/anne",
        "https://linkedin.com/in/anne",
        "https://de.linkedin.com/in/anne",
        "https://www.linkedin.com/in/anne/",
        "https://www.linkedin.com/in/anne//",
        "https://www.linkedin.com/in/anne?trk=share",
        "https://www.linkedin.com/in/anne/?trk=share/#a?b",
        "https://www.linkedin.com/in/anne#top",
        "https://www.linkedin.com/in/anne#top?x",
        "HTTPS://WWW.LINKEDIN.COM/IN/ANNE",
    ] {
        assert_eq!(normal_form(text).as_deref(), Ok("in/anne"), "{text}");
    }
    for text in ["https://www.linkedin.com/in/j%C3%BCrgen", "https://linkedin.com/IN/J%c3%bcRGEN/"]
    {
        assert_eq!(normal_form(text).as_deref(), Ok("in/j%c3%bcrgen"), "{text}");
    }
}

#[test]
fn addresses_of_other_pages_have_other_normal_forms() {
    for (text, form) in [
        ("https://www.linkedin.com/in/anne2", "in/anne2"),
        ("https://www.linkedin.com/in/ann", "in/ann"),
        ("https://www.linkedin.com/pub/anne", "pub/anne"),
        ("https://www.linkedin.com/in/anne/details", "in/anne/details"),
        ("https://www.linkedin.com/anne", "anne"),
    ] {
        assert_eq!(normal_form(text).as_deref(), Ok(form));
    }
}

#[test]
fn a_contact_shows_nothing_in_debug() {
    fn shown(contact: &impl Debug) -> [String; 2] {
        [format!("{contact:?}"), format!("{:#?}", Some(contact))]
    }
    let phone = PhoneNumber::parse("+14155552671").unwrap();
    assert_eq!(shown(&phone), ["PhoneNumber(..)", "Some(\n    PhoneNumber(..),\n)"]);
    let email = EmailAddress::parse("anne@example.test").unwrap();
    assert_eq!(shown(&email), ["EmailAddress(..)", "Some(\n    EmailAddress(..),\n)"]);
    let page = LinkedinUrl::parse("https://www.linkedin.com/in/anne").unwrap();
    assert_eq!(shown(&page), ["LinkedinUrl(..)", "Some(\n    LinkedinUrl(..),\n)"]);
}

#[test]
fn a_refusal_says_what_is_expected_and_not_what_was_sent() {
    for (refusal, text) in [
        (NO_PHONE, "must be a phone number in E.164 form, like +14155552671"),
        (NO_EMAIL, "must be an e-mail address"),
        (NO_PAGE, "must be a LinkedIn address, like https://www.linkedin.com/in/name"),
    ] {
        assert_eq!(refusal.to_string(), text);
    }
}
