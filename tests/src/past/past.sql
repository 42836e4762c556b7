-- So many events, all waiting for their positions: every user has generated a token and replaced it several times.
-- Each [name] is filled in by whoever runs this.
CREATE TEMPORARY TABLE past AS
WITH RECURSIVE past (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < [events] - 1)
SELECT n, [user] AS user_id, n % [each] + 1 AS generation FROM past;

INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
SELECT 'token', user_id, generation, kind, '1',
       ('{"' || kind || '":{"token_id":"' || [token] || '","generation":' || generation || ',"digest":"sha256:' || [digest] ||
        '","hint":"E0B7",' || killed || '"at":"2026-02-04T00:00:00.123456Z"}}')[json],
       ('{"command_id":"' || [token] || '","request_id":"' || [token] || '","actor_via":"session","actor_id":"' || user_id ||
        '","origin_sha256":"' || [digest] || '"}')[json]
FROM (SELECT n, user_id, generation,
             CASE generation WHEN 1 THEN 'TokenGenerated' ELSE 'TokenRegenerated' END AS kind,
             CASE generation WHEN 1 THEN '' ELSE '"invalidated_token_id":"' || [dead] || '",' END AS killed
      FROM past) AS told;

INSERT INTO event_context (aggregate_type, aggregate_id, sequence, salt, user_id)
SELECT 'token', user_id, generation, [salt], user_id FROM past;

INSERT INTO log_queue (aggregate_type, aggregate_id, sequence)
SELECT 'token', user_id, generation FROM past ORDER BY n;

DROP TABLE past;
