-- Cases in which an office put the person off, or asked for papers: seen are those in which it did so more than once.
SELECT
  office, '' AS partner, thread, kind AS what, '' AS other, first_at AS began_at, CAST(NULL AS TIMESTAMP) AS due_at,
  CAST(NULL AS TIMESTAMP) AS done_at, counts_at AS noted_at,
  asked > 1 AS is_seen
FROM (
  SELECT
    e.office, e.thread, e.kind, e.counts_at,
    MIN(e.counts_at) OVER (PARTITION BY e.office, e.thread) AS first_at,
    COUNT(*) OVER (PARTITION BY e.office, e.thread) AS asked,
    ROW_NUMBER() OVER (PARTITION BY e.office, e.thread ORDER BY e.counts_at DESC, e.key DESC) AS back
  FROM standing AS e
  JOIN kind_puts_off AS k ON k.kind = e.kind
  WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
) AS asking
WHERE back = 1
