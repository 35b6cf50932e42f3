-- Cases in the ledger of what was done, and those of them that stand in the ledger of what was asked too.
SELECT e.office, '' AS partner, e.kind AS what, COUNT(DISTINCT e.thread) AS left_count, COUNT(DISTINCT b.thread) AS right_count
FROM standing AS e
JOIN figure_kinds AS k ON k.kind = e.kind AND k.figure = $check
JOIN (
  SELECT DISTINCT f.kind FROM kind_follows AS f JOIN figure_kinds AS before ON before.kind = f.after AND before.figure = $check
) AS second ON second.kind = e.kind
LEFT JOIN (
  SELECT x.thread, f.kind
  FROM standing AS x
  JOIN kind_follows AS f ON f.after = x.kind
  WHERE x.nth = 1
) AS b ON b.thread = e.thread AND b.kind = e.kind
WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY e.office, e.kind
