"""Recording what an exchange tells and is asked, and reading it back."""
