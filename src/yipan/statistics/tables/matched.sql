-- What both sides count, month by month: what a department's return says it did, and the entries that say it happened.
-- Agreed is the smaller of the two numbers, counted the larger.
SELECT
  figure, office, SUM(LEAST(told, found)) AS top, SUM(GREATEST(told, found)) AS bottom
FROM (
  SELECT
    figure, office, month, SUM(told) AS told, SUM(found) AS found
  FROM (
    SELECT figure, office, month, told, 0 AS found
    FROM (
      SELECT
        k.figure, e.office, e.said['period'] AS month, COALESCE(CAST(e.said[f.top] AS BIGINT), 0) AS told,
        ROW_NUMBER() OVER (PARTITION BY k.figure, e.office, e.said['period'] ORDER BY e.counts_at DESC, e.key DESC) AS back
      FROM standing AS e
      JOIN figure_kinds AS k ON k.kind = e.kind AND k.nth = 1
      JOIN figures AS f ON f.figure = k.figure AND f.measure = 'matched'
      WHERE e.nth = 1 AND e.said['period'] >= $first_month AND e.said['period'] <= $last_month
    ) AS sent
    WHERE back = 1
    UNION ALL
    SELECT k.figure, e.office, STRFTIME(e.counts_at, '%Y-%m') AS month, 0 AS told, 1 AS found
    FROM standing AS e
    JOIN figure_kinds AS k ON k.kind = e.kind AND k.nth > 1
    JOIN figures AS f ON f.figure = k.figure AND f.measure = 'matched'
    WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
  ) AS both_sides
  GROUP BY figure, office, month
) AS compared
GROUP BY figure, office
