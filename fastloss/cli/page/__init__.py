"""The page of `fastloss score --report`: what is collected in the pass, charts of it, and one HTML file."""
