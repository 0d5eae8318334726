"""What of a load's writes is stored, in its own words: each word, and how often."""

WORDS = 'SELECT substr({}, 6) COLLATE "C", count(*) FROM {} GROUP BY 1 ORDER BY 1'
STORED = {  # sorted as Python sorts
    "ticket": WORDS.format("title", "tickets_ticket"),
    "message": WORDS.format("body", "tickets_comment"),
}
