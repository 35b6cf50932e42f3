-- Answers: seen are those after which the same office was asked again in the same case. They had not said what was asked.
SELECT
  d.office, d.owed_to AS partner, d.thread, d.rule AS what, d.owed_to AS other, d.opened_at AS began_at, d.due_at, d.closed_at AS done_at,
  MIN(later.opened_at) AS noted_at,
  COUNT(later.key) > 0 AS is_seen
FROM duties AS d
LEFT JOIN duties AS later
  ON later.thread = d.thread AND later.rule = d.rule AND later.office = d.office AND later.owed_to = d.owed_to
  AND later.party_role = d.party_role AND later.period = d.period AND later.opened_at >= d.closed_at AND later.key <> d.key
WHERE d.state = 'discharged' AND d.owed_to <> 'person' AND d.owed_to <> 'public' AND d.closed_at >= $first AND d.closed_at < $after
GROUP BY d.office, d.owed_to, d.thread, d.rule, d.opened_at, d.due_at, d.closed_at, d.key
