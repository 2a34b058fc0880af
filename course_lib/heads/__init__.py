"""Why attention has several heads: a task one head cannot do (`retrieval`), and the reason (`needles`)."""
