"""Stories: accounting told in Markdown, with commands that are run and output that is compared exactly."""
