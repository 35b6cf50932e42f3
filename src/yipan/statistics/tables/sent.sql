-- What one office sent another in the period, and when it arrived: by an entry of either end that says so, or by a receipt of the system.
SELECT
  s.office, s.partner, s.kind, s.thread, s.counts_at AS sent_at, a.counts_at AS arrived_at,
  CASE WHEN s.said['channel'] = 'system' OR NOT a.thread IS NULL THEN 1 ELSE 0 END AS arrived,
  CASE WHEN a.counts_at < s.counts_at THEN 1 ELSE 0 END AS early
FROM standing AS s
JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
LEFT JOIN (
  SELECT kind, thread, office, MIN(counts_at) AS counts_at
  FROM (
    SELECT f.after AS kind, e.thread, e.office, e.counts_at
    FROM standing AS e JOIN kind_follows AS f ON f.kind = e.kind JOIN kind_arrives AS k ON k.kind = e.kind WHERE e.nth = 1
    UNION ALL
    SELECT f.after AS kind, e.thread, e.partner AS office, e.counts_at
    FROM standing AS e JOIN kind_follows AS f ON f.kind = e.kind JOIN kind_arrives AS k ON k.kind = e.kind WHERE e.partner <> ''
  ) AS noted
  GROUP BY kind, thread, office
) AS a ON a.kind = s.kind AND a.thread = s.thread AND a.office = s.partner
WHERE s.counts_at >= $first AND s.counts_at < $after
