"""Do the pages work in a browser, for everybody, at every width, with and without JavaScript?"""
