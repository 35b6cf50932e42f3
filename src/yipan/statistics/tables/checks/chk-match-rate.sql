-- Requests that a department's return says it passed on, and those that were received from it, month by month.
SELECT office, '' AS partner, month AS what, SUM(told) AS left_count, SUM(found) AS right_count
FROM (
  SELECT office, month, told, 0 AS found
  FROM (
    SELECT
      e.office, e.said['period'] AS month, COALESCE(CAST(e.said['requests'] AS BIGINT), 0) AS told,
      ROW_NUMBER() OVER (PARTITION BY e.office, e.said['period'] ORDER BY e.counts_at DESC, e.key DESC) AS back
    FROM standing AS e
    WHERE e.nth = 1 AND e.kind = 'department-return.sent' AND e.said['period'] >= $first_month AND e.said['period'] <= $last_month
  ) AS sent
  WHERE back = 1
  UNION ALL
  SELECT office, STRFTIME(counts_at, '%Y-%m') AS month, 0 AS told, 1 AS found
  FROM standing
  WHERE nth = 1 AND kind = 'request.passed-on' AND office LIKE '%:%' AND counts_at >= $first AND counts_at < $after
) AS both_sides
GROUP BY office, month
