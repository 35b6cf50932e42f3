-- Breaches of offices in the period: duties that were not kept, or are there only because of one; and what was found at an office.
SELECT b.breach, d.office, d.rule AS found_by, COUNT(*) AS times
FROM duties AS d
JOIN breach_rules AS b ON b.rule = d.rule
WHERE d.state IN ('discharged', 'open')
  AND ((b.at_once AND d.opened_at >= $first AND d.opened_at < $after)
    OR (d.due_at > $first AND d.due_at <= $after AND d.due_at <= $as_of
        AND ((b.when_open AND d.state = 'open') OR (b.when_late AND d.state = 'discharged' AND d.closed_at >= d.due_at))))
GROUP BY b.breach, d.office, d.rule
UNION ALL
SELECT b.breach, e.partner AS office, e.kind AS found_by, COUNT(*) AS times
FROM standing AS e
JOIN finding_kinds AS k ON k.kind = e.kind
JOIN breach_findings AS b ON b.finding = e.said['about'] AND b.side = e.said['side']
LEFT JOIN finding_nothing AS n ON n.kind = e.kind AND e.said[n.field] = n.choice
WHERE e.role = 'against' AND n.kind IS NULL AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY b.breach, e.partner, e.kind
