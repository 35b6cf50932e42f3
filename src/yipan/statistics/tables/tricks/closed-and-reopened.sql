-- Entries of a kind that closes a duty: seen are those that the same office withdrew or put another in the place of.
SELECT
  e.office, '' AS partner, e.thread, e.kind AS what, e.partner AS other, e.counts_at AS began_at, CAST(NULL AS TIMESTAMP) AS due_at,
  e.counts_at AS done_at, MAX(c.recorded_at) AS noted_at,
  NOT MAX(c.key) IS NULL AS is_seen
FROM entries AS e
JOIN kind_closes AS k ON k.kind = e.kind
LEFT JOIN entries AS c ON c.corrects = e.key AND c.office = e.office
WHERE e.nth = 1 AND e.corrects IS NULL AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY e.office, e.thread, e.kind, e.partner, e.counts_at, e.key
