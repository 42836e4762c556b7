//! Who did something, in a few words.

use projections::Doer;

use super::text;

/// For example `by Ada with token 3`.
pub(super) fn byline(doer: &Doer) -> String {
    // A token and a session have an owner, whether or not one can still say who it was.
    let nameless = match doer.via.as_str() {
        "token" | "session" => text::AN_ERASED_USER,
        _other => text::SOMEONE,
    };
    let (by, who) = (text::BY, doer.name.as_deref().unwrap_or(nameless));
    match (doer.via.as_str(), doer.generation) {
        ("token", Some(number)) => format!("{by} {who} {} {number}", text::WITH_TOKEN),
        ("webhook", Some(number)) => format!("{by} {} {number}", text::THROUGH_WEBHOOK),
        ("session", _) => format!("{by} {who} {}", text::IN_THE_BROWSER),
        _other => format!("{by} {who}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::token::Generation;

    use super::*;

    fn by(name: Option<&str>, via: &str, number: Option<u32>) -> String {
        let generation = number.and_then(Generation::new);
        byline(&Doer { name: name.map(str::to_owned), via: via.to_owned(), generation })
    }

    #[test]
    fn a_byline_names_the_person_and_the_credential() {
        assert_eq!(by(Some("Ada"), "token", Some(3)), "by Ada with token 3");
        assert_eq!(by(Some("Ada"), "session", None), "by Ada in the browser");
        assert_eq!(by(None, "webhook", Some(2)), "by webhook URL 2");
        assert_eq!(by(None, "token", Some(1)), "by an erased user with token 1");
        assert_eq!(by(Some("Ada"), "command_line", None), "by Ada");
    }
}
