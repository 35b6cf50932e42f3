-- Entries of a kind that closes a duty, and that the same office withdrew or put another in the place of.
SELECT office, '' AS partner, COUNT(CASE WHEN NOT taken_back IS NULL THEN 1 END) AS times, COUNT(*) AS among
FROM (
  SELECT e.office, e.key, MAX(c.key) AS taken_back
  FROM entries AS e
  JOIN kind_closes AS k ON k.kind = e.kind
  LEFT JOIN entries AS c ON c.corrects = e.key AND c.office = e.office
  WHERE e.nth = 1 AND e.corrects IS NULL AND e.counts_at >= $first AND e.counts_at < $after
  GROUP BY e.office, e.key
) AS closing
GROUP BY office
