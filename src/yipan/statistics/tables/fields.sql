-- One number of the entries of these kinds over another: of each period that an entry names, what was said last.
SELECT
  figure, office, SUM(top) AS top, SUM(bottom) AS bottom
FROM (
  SELECT
    k.figure, e.office,
    CAST(e.said[f.top] AS BIGINT) AS top, CAST(e.said[f.bottom] AS BIGINT) AS bottom,
    ROW_NUMBER() OVER (PARTITION BY k.figure, e.office, e.said['period'] ORDER BY e.counts_at DESC, e.key DESC) AS back
  FROM standing AS e
  JOIN figure_kinds AS k ON k.kind = e.kind
  JOIN figures AS f ON f.figure = k.figure AND f.measure = 'fields'
  WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
) AS noted
WHERE back = 1 AND NOT top IS NULL AND NOT bottom IS NULL
GROUP BY figure, office
