-- Of the offices that are on the system: those with an entry of one of these kinds, made in the period or, where the kind
-- lasts until another ends it in the same case, holding when the period ends.
SELECT
  f.figure, o.office, MAX(CASE WHEN h.office IS NULL THEN 0 ELSE 1 END) AS top, 1 AS bottom
FROM figures AS f
JOIN offices AS o ON NOT o.opened_at IS NULL AND o.opened_at < $after AND (o.closed_at IS NULL OR o.closed_at >= $after)
LEFT JOIN (
  SELECT DISTINCT k.figure, e.office
  FROM standing AS e
  JOIN figure_kinds AS k ON k.kind = e.kind
  LEFT JOIN (
    SELECT kind, thread, MIN(counts_at) AS counts_at FROM standing WHERE nth = 1 GROUP BY kind, thread
  ) AS ended ON ended.kind = k.until AND ended.thread = e.thread
  WHERE e.nth = 1 AND e.counts_at < $after
    AND CASE WHEN k.until = '' THEN e.counts_at >= $first ELSE ended.counts_at IS NULL OR ended.counts_at >= $after END
) AS h ON h.figure = f.figure AND h.office = o.office
WHERE f.measure = 'offices'
GROUP BY f.figure, o.office
