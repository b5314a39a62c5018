"""The command line. Declaring a command costs nothing; what does its work is imported when it runs."""
