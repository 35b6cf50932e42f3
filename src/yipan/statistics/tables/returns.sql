-- One column of the departments' returns over another: of each month, what was sent last.
SELECT
  figure, office, SUM(top) AS top, SUM(bottom) AS bottom
FROM (
  SELECT
    r.figure, e.office,
    CAST(e.said[f.top] AS BIGINT) AS top, CAST(e.said[f.bottom] AS BIGINT) AS bottom,
    ROW_NUMBER() OVER (PARTITION BY r.figure, e.office, e.said['period'] ORDER BY e.counts_at DESC, e.key DESC) AS back
  FROM standing AS e
  JOIN figure_returns AS r ON r.kind = e.kind
  JOIN figures AS f ON f.figure = r.figure AND f.measure = 'returns'
  WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
) AS sent
WHERE back = 1 AND NOT top IS NULL AND NOT bottom IS NULL
GROUP BY figure, office
