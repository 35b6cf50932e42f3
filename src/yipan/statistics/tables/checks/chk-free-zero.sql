-- Whatever has a price, and the price is not none.
SELECT e.office, '' AS partner, e.kind AS what, COUNT(CASE WHEN e.said['price'] <> '0' THEN 1 END) AS left_count, 0 AS right_count
FROM standing AS e
JOIN figure_kinds AS k ON k.kind = e.kind AND k.figure = $check
WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY e.office, e.kind
