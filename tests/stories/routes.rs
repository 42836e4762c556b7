//! Every route has a story that covers it.

use std::collections::BTreeSet;

/// Which story covers which route. A story that does not exist does not compile.
macro_rules! covered {
    ($($method:ident $path:literal by $($story:ident)::+;)+) => {
        const COVERED: &[(&str, &str)] = &[$((stringify!($method), $path)),+];

        #[test]
        fn every_route_is_covered_by_a_story_that_exists() {
            $(let _ = crate::$($story)::+;)+
            let mut covered = set(COVERED);
            for (route, file, story) in ELSEWHERE {
                assert!(file.contains(&format!("fn {story}(")), "there is no story {story}");
                covered.insert(*route);
            }
            let routes = set(api::router::ROUTES);
            let missing: Vec<_> = routes.difference(&covered).collect();
            assert!(missing.is_empty(), "no story covers {missing:?}");
            let extra: Vec<_> = covered.difference(&routes).collect();
            assert!(extra.is_empty(), "these are no routes: {extra:?}");
        }
    };
}

/// Routes whose stories need an identity provider.
const ELSEWHERE: &[((&str, &str), &str, &str)] = &[
    (
        ("GET", "/sign-in/oidc"),
        include_str!("../identity/oidc.rs"),
        "an_invited_person_comes_in_and_is_known_from_then_on",
    ),
    (
        ("GET", "/sign-in/oidc/callback"),
        include_str!("../identity/oidc.rs"),
        "an_invited_person_comes_in_and_is_known_from_then_on",
    ),
];

covered! {
    GET "/livez" by operations::the_server_is_live_and_ready;
    GET "/readyz" by operations::the_server_is_live_and_ready;
    GET "/metrics" by metrics::a_program_reads_what_the_service_measures;
    GET "/openapi.json" by documentation::a_program_reads_what_the_api_is;
    GET "/docs" by documentation::a_person_reads_it_without_another_site;
    GET "/" by pages::the_front_page_leads_on;
    GET "/assets/{name}" by pages::styles_and_scripts_keep_for_ever_under_names_of_their_content;
    GET "/sign-in" by pages::signing_in_leads_to_where_one_was_going_and_nowhere_else;
    POST "/sign-in" by pages::signing_in_leads_to_where_one_was_going_and_nowhere_else;
    POST "/sign-out" by pages::signing_out_ends_this_session_or_all;
    POST "/sign-out-everywhere" by pages::signing_out_ends_this_session_or_all;
    GET "/user/settings/api-tokens" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    POST "/user/settings/api-tokens/generate" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    GET "/user/settings/api-tokens/regenerate" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    POST "/user/settings/api-tokens/regenerate" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    GET "/user/settings/api-tokens/delete" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    POST "/user/settings/api-tokens/delete" by pages::the_card_works_without_scripts_and_a_form_counts_once;
    POST "/user/settings/api-tokens/stragglers/hide" by stragglers::the_page_tells_who_still_sends_the_old_token;
    GET "/accounts" by account_pages::a_visitor_is_led_to_the_only_account_or_chooses;
    GET "/accounts/{id}" by account_pages::an_account_tells_what_was_done_and_by_whom;
    GET "/accounts/{id}/campaigns/{campaignId}" by account_pages::a_campaign_tells_who_is_in_it_and_who_added_them;
    GET "/admin" by pages::the_administration_page_is_for_administrators;
    POST "/admin/users" by pages::the_administration_page_does_what_the_api_does;
    POST "/admin/users/{id}/lock" by pages::the_administration_page_does_what_the_api_does;
    POST "/admin/users/{id}/unlock" by pages::the_administration_page_does_what_the_api_does;
    POST "/admin/users/{id}/revoke-token" by pages::the_administration_page_does_what_the_api_does;
    GET "/admin/users/{id}/erase" by erasure::the_page_asks_before_it_erases;
    POST "/admin/users/{id}/erase" by erasure::the_page_asks_before_it_erases;
    POST "/admin/accounts" by pages::the_administration_page_does_what_the_api_does;
    POST "/admin/accounts/{id}/members" by pages::the_administration_page_does_what_the_api_does;
    POST "/admin/accounts/{id}/members/{userId}/remove" by pages::the_administration_page_does_what_the_api_does;
    GET "/admin/deliveries" by deliveries::the_deliveries_page_shows_what_was_given_up_and_replays_it;
    POST "/admin/deliveries/{id}/replay" by deliveries::the_deliveries_page_shows_what_was_given_up_and_replays_it;
    GET "/v1/admin/endpoints" by deliveries::an_endpoint_is_told_of_what_it_asked_for;
    GET "/v1/admin/deliveries" by deliveries::deliveries_are_listed_by_status_and_endpoint;
    POST "/v1/admin/deliveries/{id}/replay" by deliveries::what_nobody_takes_is_given_up_and_can_be_replayed;
    POST "/admin/accounts/{id}/assistants" by account_pages::an_administrator_adds_and_removes_assistants;
    POST "/admin/accounts/{id}/assistants/{assistantId}/remove" by account_pages::an_administrator_adds_and_removes_assistants;
    GET "/audit" by audit_pages::the_picture_counts_what_happened_and_leads_to_it;
    POST "/audit/checkpoint" by audit_pages::a_fresh_checkpoint_is_signed_by_a_button;
    POST "/audit/identify" by audit_pages::a_token_is_found_by_its_last_four_characters;
    GET "/audit/tokens" by audit_pages::tokens_are_found_by_what_the_form_says;
    POST "/audit/tokens" by audit_pages::tokens_are_found_by_what_the_form_says;
    GET "/audit/users/{id}" by audit_pages::the_history_of_a_user_is_told_one_token_after_the_other;
    GET "/setup" by browser_setup::following_the_setup_link_makes_the_first_administrator;
    POST "/setup" by browser_setup::following_the_setup_link_makes_the_first_administrator;
    POST "/v1/setup" by setup::the_first_user_runs_the_instance_and_the_first_account;
    POST "/v1/session" by sign_in::a_user_signs_out_and_in_again;
    DELETE "/v1/session" by sign_in::a_user_signs_out_and_in_again;
    GET "/v1/token" by bearer::the_token_knows_its_user_and_accounts;
    DELETE "/v1/token" by bearer::a_token_can_kill_itself;
    GET "/v1/account" by account_header::a_member_of_one_account_needs_no_header;
    GET "/v1/user/api-token" by generating::a_user_without_a_token_is_told_so;
    POST "/v1/user/api-token" by generating::a_new_token_is_shown_once;
    DELETE "/v1/user/api-token" by revoking::a_revoked_token_stops_working_at_once;
    POST "/v1/user/api-token/regenerate" by regenerating::the_old_token_stops_working_at_once;
    GET "/v1/user/api-token/history" by history::every_change_is_told_newest_first;
    GET "/v1/admin/users" by admin_users::all_users_are_listed_without_secrets;
    POST "/v1/admin/users" by admin_users::a_registered_user_gets_a_setup_link;
    PUT "/v1/admin/users/{id}/lock" by locking::locking_kills_the_token_at_once;
    DELETE "/v1/admin/users/{id}/lock" by locking::after_unlocking_a_new_token_must_be_generated;
    DELETE "/v1/admin/users/{id}/api-token" by admin_tokens::an_administrator_revokes_a_users_token;
    DELETE "/v1/admin/users/{id}/personal-data" by erasure::nothing_tells_who_an_erased_user_was;
    GET "/v1/admin/accounts" by admin_accounts::an_opened_account_is_listed;
    POST "/v1/admin/accounts" by admin_accounts::an_opened_account_is_listed;
    PUT "/v1/admin/accounts/{id}/members/{userId}" by membership::a_changed_role_shows_at_once;
    DELETE "/v1/admin/accounts/{id}/members/{userId}" by membership::the_next_call_after_losing_the_membership_is_refused;
    POST "/v1/admin/accounts/{id}/assistants" by assistants::an_assistant_is_added_and_listed;
    GET "/v1/admin/accounts/{id}/assistants" by assistants::an_assistant_is_added_and_listed;
    DELETE "/v1/admin/accounts/{id}/assistants/{assistantId}" by assistants::a_removed_assistant_is_listed_no_more;
    GET "/v1/audit/tokens" by questions::tokens::every_token_ever_made_is_listed_with_what_ended_it;
    GET "/v1/audit/tokens/as-of" by questions::past::the_past_is_told_as_it_was_at_any_instant;
    GET "/v1/audit/tokens/lineage" by questions::tokens::a_token_is_shown_in_the_chain_it_belongs_to;
    POST "/v1/audit/identify" by questions::identify::a_token_is_identified_dead_or_alive_by_any_of_three_clues;
    GET "/v1/audit/actions" by questions::actions::everything_that_was_done_with_a_token_is_listed;
    GET "/v1/audit/leavers" by questions::standing::tokens_of_people_who_left_are_listed_with_the_reason;
    GET "/v1/audit/stale" by questions::standing::tokens_that_nobody_needs_are_listed;
    GET "/v1/audit/reads" by questions::reads::every_read_is_recorded_the_refused_ones_too;
    GET "/v1/audit/checkpoint" by audit::a_fresh_checkpoint_covers_everything_acknowledged_before;
    GET "/v1/audit/events" by export::a_collector_that_polls_gets_everything_once_and_in_order;
    GET "/v1/audit/export" by export::an_export_is_what_its_checkpoint_says;
    GET "/v1/audit/key" by audit::a_fresh_checkpoint_covers_everything_acknowledged_before;
    GET "/v1/audit/proofs/inclusion" by audit::an_event_is_proved_to_be_in_the_log;
    GET "/v1/audit/proofs/consistency" by audit::a_log_is_proved_to_have_only_grown;
    GET "/v1/assistants" by assistants::an_assistant_is_added_and_listed;
    POST "/v1/assistant/calls" by calls::a_call_is_triggered_and_can_be_looked_up;
    GET "/v1/calls" by calls::a_call_is_triggered_and_can_be_looked_up;
    GET "/v1/calls/{id}" by calls::a_call_is_triggered_and_can_be_looked_up;
    POST "/v1/campaigns" by campaigns::a_campaign_is_created_and_can_be_looked_up;
    GET "/v1/campaigns" by campaigns::a_campaign_is_created_and_can_be_looked_up;
    GET "/v1/campaigns/{id}" by campaigns::a_campaign_is_created_and_can_be_looked_up;
    POST "/v1/campaigns/{id}/archive" by campaigns::an_archived_campaign_takes_no_prospects;
    POST "/v1/campaigns/{id}/prospects" by prospects::prospects_are_added_and_listed;
    GET "/v1/campaigns/{id}/prospects" by prospects::prospects_are_added_and_listed;
    GET "/v1/campaigns/{id}/webhook" by webhook_urls::a_webhook_url_is_shown_once;
    POST "/v1/campaigns/{id}/webhook" by webhook_urls::a_webhook_url_is_shown_once;
    DELETE "/v1/campaigns/{id}/webhook" by webhook_urls::a_revoked_url_is_dead_and_the_count_goes_on;
    POST "/v1/webhooks/{secret}/prospects" by webhook_urls::a_prospect_comes_by_webhook;
}

fn set(routes: &[(&'static str, &'static str)]) -> BTreeSet<(&'static str, &'static str)> {
    let set: BTreeSet<_> = routes.iter().copied().collect();
    assert_eq!(set.len(), routes.len(), "a route is listed twice");
    set
}
