-- Answers after which the same office was asked again in the same case: they had not said what was asked.
SELECT office, partner, COUNT(CASE WHEN again > 0 THEN 1 END) AS times, COUNT(*) AS among
FROM (
  SELECT d.office, d.owed_to AS partner, d.key, COUNT(later.key) AS again
  FROM duties AS d
  LEFT JOIN duties AS later
    ON later.thread = d.thread AND later.rule = d.rule AND later.office = d.office AND later.owed_to = d.owed_to
    AND later.party_role = d.party_role AND later.period = d.period AND later.opened_at >= d.closed_at AND later.key <> d.key
  WHERE d.state = 'discharged' AND d.owed_to <> 'person' AND d.owed_to <> 'public' AND d.closed_at >= $first AND d.closed_at < $after
  GROUP BY d.office, d.owed_to, d.key
) AS answered
GROUP BY office, partner
