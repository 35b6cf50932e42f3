-- Cases in which an office put the person off, or asked for papers, more than once.
SELECT office, '' AS partner, COUNT(CASE WHEN asked > 1 THEN 1 END) AS times, COUNT(*) AS among
FROM (
  SELECT office, thread, COUNT(DISTINCT key) AS asked
  FROM standing
  WHERE kind IN ('birth-registration.deferred', 'birth-registration.not-entered', 'certificate.refused')
    AND nth = 1 AND counts_at >= $first AND counts_at < $after
  GROUP BY office, thread
) AS asking
GROUP BY office
