//! The pages of an account: what was done in it, for its members and for nobody else.

use serde_json::{Value, json};
use tests::actors::email_of;
use tests::answer::Answer;
use tests::client::Client;
use tests::{Actor, Store, TestApp, on_both_stores};

on_both_stores!(
    a_visitor_is_led_to_the_only_account_or_chooses,
    an_account_tells_what_was_done_and_by_whom,
    a_campaign_tells_who_is_in_it_and_who_added_them,
    an_account_is_shown_to_its_members_only,
    a_campaign_is_shown_in_its_own_account_only,
    a_removed_member_sees_nothing_from_then_on,
    a_viewer_learns_nothing_of_the_webhook_url,
    long_lists_come_in_parts,
    a_name_is_text_and_never_markup,
    an_administrator_adds_and_removes_assistants,
);

const UNKNOWN: &str = "01980000-0000-7000-8000-000000000000";
const NUMBER: &str = "+14155552671";

/// What an integration and an administrator do here, by the API.
async fn add_assistant(app: &TestApp, name: &str) -> String {
    let target = format!("/v1/admin/accounts/{}/assistants", app.account_id());
    let body = json!({ "name": name, "phoneNumber": "+441632960961" });
    app.admin().post(&target).json(body).send().await.assert_status(201).string("id")
}

async fn remove_assistant(app: &TestApp, id: &str) {
    let target = format!("/v1/admin/accounts/{}/assistants/{id}", app.account_id());
    app.admin().delete(&target).send().await.assert_status(204);
}

async fn call(client: &Client, assistant: &str, name: &str) {
    let body = json!({ "assistantId": assistant, "name": name, "phoneNumber": NUMBER });
    client.post("/v1/assistant/calls").json(body).send().await.assert_status(200);
}

async fn create_campaign(client: &Client, name: &str) -> String {
    let request = client.post("/v1/campaigns").json(json!({ "name": name }));
    request.send().await.assert_status(201).string("id")
}

async fn add_prospects(client: &Client, campaign: &str, records: Value) {
    let target = format!("/v1/campaigns/{campaign}/prospects");
    let request = client.post(&target).json(json!({ "data": records }));
    let answer = request.send().await;
    assert!(answer.status.is_success(), "{answer:?}");
}

/// Makes the campaign's webhook URL and says its path.
async fn rotate_webhook(client: &Client, campaign: &str) -> String {
    let answer = client.post(&format!("/v1/campaigns/{campaign}/webhook")).send().await;
    let url = answer.assert_status(201).string("url");
    let (_, path) = url.split_once("/v1/").unwrap_or_else(|| panic!("{url}"));
    format!("/v1/{path}")
}

async fn page(client: &Client, path: &str) -> Answer {
    let answer = client.get(path).header("accept", "text/html").send().await.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    answer
}

async fn assert_no_page(client: &Client, path: &str) {
    client.get(path).send().await.assert_not_found();
    let html = client.get(path).header("accept", "text/html").send().await.assert_status(404);
    assert!(html.text().contains("There is no such page"), "{html:?}");
}

/// The row of a table that is about this, without markup.
fn row(page: &Answer, about: &str) -> String {
    let text = page.text();
    let mut rows = text.split("<tr>").skip(1).map(|row| row.split("</tr>").next().unwrap());
    let row = rows.find(|row| row.contains(about));
    plain(row.unwrap_or_else(|| panic!("nothing about {about:?} in {text}")))
}

fn plain(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// Where the link with this text leads.
fn link(page: &Answer, text: &str) -> Option<String> {
    let html = page.text();
    let (before, _) = html.split_once(&format!(">{text}</a>"))?;
    let (_, href) = before.rsplit_once("href=\"")?;
    Some(href.split('"').next().unwrap().to_owned())
}

fn count(page: &Answer, text: &str) -> usize {
    page.text().matches(text).count()
}

pub(crate) async fn a_visitor_is_led_to_the_only_account_or_chooses(store: Store) {
    let app = TestApp::new(store).await;
    let stranger = app.browser().get("/accounts").send().await.assert_status(303);
    assert_eq!(stranger.header("location"), Some("/sign-in?next=/accounts"));

    let alice = app.user_in_no_account("alice").await;
    let none = alice.get("/accounts").send().await.assert_status(200);
    assert!(none.text().contains("You are not a member of any account."), "{none:?}");
    assert!(link(&none, "Account").is_some_and(|path| path == "/accounts"), "{none:?}");

    let first = app.account_id();
    app.admin().put_member(first, &alice.id, "member").await;
    let only = alice.get("/accounts").send().await.assert_status(303);
    assert_eq!(only.header("location"), Some(&*format!("/accounts/{first}")));
    let account = page(&alice, &format!("/accounts/{first}")).await;
    assert_eq!(link(&account, "Accounts"), None, "there is nothing to choose");

    let second = app.admin().open_account("Harbour").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    let list = alice.get("/accounts").send().await.assert_status(200);
    assert_eq!(link(&list, "Main"), Some(format!("/accounts/{first}")));
    assert_eq!(link(&list, "Harbour"), Some(format!("/accounts/{second}")));
    let told = plain(&list.text());
    assert!(told.contains("Main member") && told.contains("Harbour viewer"), "{told}");
    let account = page(&alice, &format!("/accounts/{second}")).await;
    assert_eq!(link(&account, "Accounts"), Some("/accounts".to_owned()));
    assert!(plain(&account.text()).contains("Your role: viewer"), "{account:?}");
}

pub(crate) async fn an_account_tells_what_was_done_and_by_whom(store: Store) {
    let app = TestApp::new(store).await;
    let path = format!("/accounts/{}", app.account_id());
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let empty = page(&alice, &path).await;
    for text in ["No assistants yet.", "No calls yet.", "No campaigns yet."] {
        assert!(empty.text().contains(text), "{text} in {empty:?}");
    }

    let reception = add_assistant(&app, "Reception").await;
    let night = add_assistant(&app, "Night watch").await;
    let first = app.with_token(&alice.generate_token().await);
    call(&first, &reception, "Grace").await;
    let second = app.with_token(&alice.regenerate_token().await);
    call(&second, &night, "Linus").await;
    call(&bob, &reception, "Edsger").await;
    let campaign = create_campaign(&second, "Spring").await;
    let other = create_campaign(&bob, "Autumn").await;
    bob.post(&format!("/v1/campaigns/{other}/archive")).send().await.assert_status(204);
    remove_assistant(&app, &night).await;

    let account = page(&alice, &path).await;
    assert!(account.text().contains("<h1>Main</h1>"));
    assert!(account.text().contains(&format!("value=\"{}\"", app.account_id())));
    assert!(row(&account, &reception).starts_with("Reception +441632960961"));
    assert_eq!(count(&account, &night), 0, "a removed assistant makes no more calls");

    for (name, assistant, byline) in [
        ("Grace", "Reception", "by alice with token 1"),
        ("Linus", "Night watch", "by alice with token 2"),
        ("Edsger", "Reception", "by bob in the browser"),
    ] {
        let told = row(&account, name);
        assert!(told.starts_with(&format!("{name} {NUMBER} {assistant} ")), "{told}");
        assert!(told.ends_with(&format!(" UTC {byline}")), "{told}");
    }
    let text = account.text();
    let newest_first = ["Edsger", "Linus", "Grace"].map(|name| text.find(name).unwrap());
    assert!(newest_first.is_sorted(), "{text}");

    assert_eq!(link(&account, "Spring"), Some(format!("{path}/campaigns/{campaign}")));
    assert!(row(&account, "Spring").starts_with("Spring active "));
    assert!(row(&account, "Autumn").starts_with("Autumn archived "));
    assert!(row(&account, "Autumn").ends_with(" UTC"));
}

pub(crate) async fn a_campaign_tells_who_is_in_it_and_who_added_them(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let campaign = create_campaign(&alice, "Spring").await;
    let path = format!("/accounts/{}/campaigns/{campaign}", app.account_id());
    let empty = page(&alice, &path).await;
    assert!(empty.text().contains("No prospects yet."), "{empty:?}");
    assert!(empty.text().contains("No webhook URL is live."), "{empty:?}");

    let grace = json!({
        "firstName": "Grace", "lastName": "Hopper", "company": "Navy", "jobTitle": "Rear admiral",
        "email": "grace@example.test", "phone": NUMBER,
        "linkedinUrl": "https://www.linkedin.com/in/grace",
    });
    add_prospects(&alice, &campaign, json!([grace])).await;
    let token = app.with_token(&alice.generate_token().await);
    add_prospects(&token, &campaign, json!([{ "email": "linus@example.test" }])).await;
    for name in ["first", "second"] {
        let webhook = rotate_webhook(&token, &campaign).await;
        let record = json!({ "email": format!("{name}@example.test") });
        let answer = app.anonymous().post(&webhook).json(json!({ "data": [record] })).send().await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    let state = alice.get(&format!("/v1/campaigns/{campaign}/webhook")).send().await;
    let shown = page(&alice, &path).await;
    assert!(shown.text().contains("<h1>Spring</h1>"));
    assert!(shown.text().contains(&format!("value=\"{campaign}\"")));
    assert_eq!(link(&shown, "Main"), Some(format!("/accounts/{}", app.account_id())));
    let told = plain(&shown.text());
    assert!(told.contains("State: active"), "{told}");
    assert!(told.contains("Webhook URL 2 is live since"), "{told}");
    assert!(told.contains(&format!("Its secret ends in …{}", state.string("hint"))), "{told}");

    let told = row(&shown, "Grace");
    let whole = format!(
        "Grace Hopper Navy Rear admiral grace@example.test {NUMBER} https://www.linkedin.com/in/grace "
    );
    assert!(told.starts_with(&whole) && told.ends_with("UTC by alice in the browser"), "{told}");
    for (email, byline) in [
        ("linus@example.test", "by alice with token 1"),
        ("first@example.test", "by webhook URL 1"),
        ("second@example.test", "by webhook URL 2"),
    ] {
        let told = row(&shown, email);
        assert!(told.starts_with(&format!("No name {email} ")), "{told}");
        assert!(told.ends_with(&format!(" UTC {byline}")), "{told}");
    }

    alice.post(&format!("/v1/campaigns/{campaign}/archive")).send().await.assert_status(204);
    alice.delete(&format!("/v1/campaigns/{campaign}/webhook")).send().await.assert_status(204);
    let told = page(&alice, &path).await;
    assert!(plain(&told.text()).contains("State: archived"), "{told:?}");
    assert!(told.text().contains("No webhook URL is live."), "{told:?}");
}

pub(crate) async fn an_account_is_shown_to_its_members_only(store: Store) {
    let app = TestApp::new(store).await;
    let path = format!("/accounts/{}", app.account_id());
    page(app.admin(), &path).await;
    let other = app.admin().open_account("Harbour").await;
    let alice = app.user_in_no_account("alice").await;
    app.admin().put_member(&other, &alice.id, "admin").await;
    page(&alice, &format!("/accounts/{other}")).await;
    for (client, path) in [
        (&alice, path.clone()),
        (&alice, format!("/accounts/{UNKNOWN}")),
        (&alice, "/accounts/nonsense".to_owned()),
        (&alice, "/accounts/%00".to_owned()),
        (&alice, "/accounts/%ff".to_owned()),
        (app.admin(), format!("/accounts/{other}")),
    ] {
        assert_no_page(client, &path).await;
    }
    let stranger = app.browser().get(&path).send().await.assert_status(303);
    assert_eq!(stranger.header("location"), Some(&*format!("/sign-in?next={path}")));
    let token = app.with_token(&app.admin().generate_token().await);
    token.get(&path).send().await.assert_status(303);
    for cursor in ["nonsense", "", "%00"] {
        let answer = app.admin().get(&format!("{path}?calls={cursor}")).send().await;
        answer.assert_validation_error();
    }
}

pub(crate) async fn a_campaign_is_shown_in_its_own_account_only(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    let other = root.open_account("Harbour").await;
    root.put_member(&other, &root.id, "admin").await;
    let here = create_campaign(&root.in_account(app.account_id()), "Here").await;
    let there = create_campaign(&root.in_account(&other), "There").await;
    let of = |account: &str, campaign: &str| format!("/accounts/{account}/campaigns/{campaign}");
    page(root, &of(app.account_id(), &here)).await;
    page(root, &of(&other, &there)).await;
    for path in [
        of(app.account_id(), &there),
        of(&other, &here),
        of(app.account_id(), UNKNOWN),
        of(app.account_id(), "nonsense"),
        of(UNKNOWN, &here),
    ] {
        assert_no_page(root, &path).await;
    }
    let alice = app.user("alice").await;
    page(&alice, &of(app.account_id(), &here)).await;
    assert_no_page(&alice, &of(&other, &there)).await;
}

pub(crate) async fn a_removed_member_sees_nothing_from_then_on(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let campaign = create_campaign(&alice, "Spring").await;
    let account = format!("/accounts/{}", app.account_id());
    let paths = [account.clone(), format!("{account}/campaigns/{campaign}")];
    for path in &paths {
        page(&alice, path).await;
    }
    app.admin().remove_member(app.account_id(), &alice.id).await;
    for path in &paths {
        assert_no_page(&alice, path).await;
    }
    let none = alice.get("/accounts").send().await.assert_status(200);
    assert!(none.text().contains("You are not a member of any account."), "{none:?}");
}

pub(crate) async fn a_viewer_learns_nothing_of_the_webhook_url(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let viewer = app.user_in_no_account("victor").await;
    app.admin().put_member(app.account_id(), &viewer.id, "viewer").await;
    let campaign = create_campaign(&alice, "Spring").await;
    add_prospects(&alice, &campaign, json!([{ "email": "grace@example.test" }])).await;
    rotate_webhook(&alice, &campaign).await;
    let path = format!("/accounts/{}/campaigns/{campaign}", app.account_id());
    let seen = page(&viewer, &path).await.text();
    assert!(seen.contains("grace@example.test"), "{seen}");
    assert!(!seen.to_lowercase().contains("webhook"), "{seen}");
    app.admin().put_member(app.account_id(), &viewer.id, "member").await;
    assert!(page(&viewer, &path).await.text().contains("Webhook URL 1"));
}

pub(crate) async fn long_lists_come_in_parts(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let caller = add_assistant(&app, "Caller").await;
    let mut campaign = String::new();
    for number in 1..=26 {
        add_assistant(&app, &format!("assistants-{number:02}")).await;
        call(&alice, &caller, &format!("calls-{number:02}")).await;
        campaign = create_campaign(&alice, &format!("campaigns-{number:02}")).await;
    }
    remove_assistant(&app, &caller).await;
    let record = |number| {
        let name = format!("prospects-{number:02}");
        json!({ "lastName": name, "email": format!("{name}@example.test") })
    };
    for numbers in [1..=13, 14..=26] {
        add_prospects(&alice, &campaign, numbers.map(record).collect()).await;
    }
    let account = format!("/accounts/{}", app.account_id());
    let detail = format!("{account}/campaigns/{campaign}");
    for (path, list, [forth, back], last) in [
        (&account, "calls", ["Older", "Newer"], "01"),
        (&account, "campaigns", ["Older", "Newer"], "01"),
        (&detail, "prospects", ["Older", "Newer"], "01"),
        (&account, "assistants", ["Newer", "Older"], "26"),
    ] {
        let entry = format!("\">{list}-");
        let (forth, back) = (format!("{forth} {list}"), format!("{back} {list}"));
        let first = page(&alice, path).await;
        assert_eq!((count(&first, &entry), link(&first, &back)), (25, None), "{list}");
        let second = follow(&alice, path, &first, &forth).await;
        assert_eq!((count(&second, &entry), link(&second, &forth)), (1, None), "{list}");
        assert_eq!(count(&second, &format!("{entry}{last}")), 1, "{list}");
        let again = follow(&alice, path, &second, &back).await;
        assert_eq!((count(&again, &entry), link(&again, &back)), (25, None), "{list}");
        assert_eq!(count(&again, &format!("{entry}{last}")), 0, "{list}");
    }
}

/// Follows a link to another part of a list, which leads to the list's place on the page.
async fn follow(client: &Client, path: &str, from: &Answer, text: &str) -> Answer {
    let link = link(from, text).unwrap_or_else(|| panic!("no {text} in {from:?}"));
    let (query, place) = link.split_once('#').unwrap();
    let next = page(client, &format!("{path}{query}")).await;
    assert_eq!(count(&next, &format!(" id=\"{place}\"")), 1, "{link}");
    next
}

pub(crate) async fn a_name_is_text_and_never_markup(store: Store) {
    const EVIL: &str = "<script>alert('x')</script>\"'&";
    let app = TestApp::new(store).await;
    let account = app.admin().open_account(EVIL).await;
    let email = email_of("mallory");
    let body = json!({ "email": email, "name": EVIL, "roles": [] });
    let invited = app.admin().post("/v1/admin/users").json(body).send().await.assert_status(201);
    let mallory = tests::Invitation {
        user_id: invited.string("id"),
        name: "mallory".to_owned(),
        email,
        code: invited.string("setupCode"),
    };
    let mallory: Actor = app.accept(&mallory).await;
    app.admin().put_member(&account, &mallory.id, "member").await;
    let assistants = format!("/v1/admin/accounts/{account}/assistants");
    let body = json!({ "name": EVIL, "phoneNumber": NUMBER });
    let added = app.admin().post(&assistants).json(body).send().await.assert_status(201);
    call(&mallory, &added.string("id"), EVIL).await;
    let campaign = create_campaign(&mallory, EVIL).await;
    let record = json!({
        "firstName": EVIL, "lastName": EVIL, "company": EVIL, "jobTitle": EVIL,
        "email": "<script>alert(1)</script>@example.test",
        "linkedinUrl": "https://www.linkedin.com/in/<script>",
    });
    add_prospects(&mallory, &campaign, json!([record])).await;
    app.admin().put_member(&account, &app.admin().id, "member").await;

    let path = format!("/accounts/{account}");
    for (path, names) in [
        ("/accounts".to_owned(), 1),
        (path.clone(), 9),
        (format!("{path}/campaigns/{campaign}"), 8),
        ("/admin".to_owned(), 4),
    ] {
        let text = app.admin().get(&path).send().await.assert_status(200).text();
        assert!(!text.contains("<script>alert") && !text.contains("in/<script>"), "{text}");
        let escaped = text.matches("&#60;script&#62;alert(&#39;x&#39;)").count();
        assert!(escaped >= names, "{path} shows {escaped} names: {text}");
    }
}

pub(crate) async fn an_administrator_adds_and_removes_assistants(store: Store) {
    let app = TestApp::new(store).await;
    let admin = app.admin();
    let target = format!("/admin/accounts/{}/assistants", app.account_id());
    let add = async |name: &str, number: &str| {
        admin.post(&target).form(&[("name", name), ("phoneNumber", number)]).send().await
    };
    let added = add(" Reception ", NUMBER).await.assert_status(303);
    assert_eq!(added.header("location"), Some("/admin"));
    let wrong = add("Night watch", "555-1234").await.assert_status(400);
    assert!(wrong.text().contains("phoneNumber must be a phone number"), "{wrong:?}");
    assert!(add(" ", NUMBER).await.assert_status(400).text().contains("name must have"));
    let elsewhere = format!("/admin/accounts/{UNKNOWN}/assistants");
    let form = [("name", "Nobody"), ("phoneNumber", NUMBER)];
    admin.post(&elsewhere).form(&form).send().await.assert_status(400);

    let listed = admin.get("/v1/assistants").send().await.assert_status(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["data"][0]["name"], "Reception");
    assert_eq!(listed["data"][0]["phoneNumber"], NUMBER);
    let remove = format!("{target}/{}/remove", listed["data"][0]["id"].as_str().unwrap());
    let shown = admin.get("/admin").send().await.assert_status(200).text();
    assert!(shown.contains("Reception") && shown.contains(&remove), "{shown}");

    admin.post(&remove).send().await.assert_status(303);
    admin.post(&remove).send().await.assert_status(400);
    let listed = admin.get("/v1/assistants").send().await.assert_status(200).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 0, "{listed}");
    let shown = admin.get("/admin").send().await.assert_status(200).text();
    assert!(!shown.contains("Reception") && shown.contains("No assistants yet."), "{shown}");
}
