"""Studies of past calls: files of a dispatch system in, figures and reports out."""
