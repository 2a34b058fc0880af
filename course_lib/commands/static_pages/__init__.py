"""The demos as a folder of pages that need no server: every state of their controls, on a stated grid."""
