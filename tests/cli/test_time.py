# SPDX-License-Identifier: LGPL-3.0-or-later
"""`moat-flow time`: MoaT's results, zones, output for people, mistakes."""

import calendar
import time
import unittest

from cli import ROOT, CliTest

BASE = 1049522828  # 2003-04-05 06:07:08 UTC, a Saturday in week 14
HOW = {"next-match": (), "next-other": ("-i",), "last-match": ("-b",), "last-other": ("-b", "-i")}


class Calculator(CliTest):
    def ask(self, *words, code=0, zone="UTC"):
        return self.call("time", "--tz", zone, *words, code=code).stdout.strip()

    def test_as_moat_has_it(self):
        """Every time that MoaT finds, in seconds from the base, with a match that is now counting."""
        count = 0
        for line in (ROOT / "tests/data/moments.txt").read_text(encoding="utf-8").splitlines():
            what, wanted, *words = line.split()
            if what == "#" or not words:  # remarks, and the empty moment
                continue
            base = int(words.pop(0)) if len(words[0]) > 9 else BASE
            flags = HOW[what]
            seconds = abs(calendar.timegm(time.strptime(wanted, "%Y-%m-%dT%H:%M:%S")) - base)
            with self.subTest(line):
                self.assertEqual(self.ask("-n", *flags, "--", str(base), *words), str(seconds))
            count += 1
        self.assertEqual(count, 80)

    def test_a_match_that_is_now(self):
        """Without --now the answer is the next occurrence, or the last one before."""
        self.assertEqual(self.ask("-n", str(BASE), "sat"), "0")
        self.assertEqual(self.ask("-d", str(BASE), "sat"), "2003-04-12T00:00:00+00:00")
        self.assertEqual(self.ask("-d", "-b", str(BASE), "sat"), "2003-03-29T23:59:59+00:00")
        self.assertEqual(self.ask("-d", "-i", str(BASE), "sat"), "2003-04-06T00:00:00+00:00")
        self.assertEqual(self.ask("-d", "-i", str(BASE), "9", "h"), "2003-04-05T10:00:00+00:00")

    def test_zones(self):
        """Skipped times are the moment after the gap; of doubled ones the nearer counts."""
        gap, fold = 1774737000, 1792885500  # 2026-03-28T22:30Z, 2026-10-24T23:45Z
        self.assertEqual(self.ask("-d", str(gap), "02:30", zone="Europe/Berlin"), "2026-03-29T03:00:00+02:00")
        self.assertEqual(self.ask("-d", str(fold), "02:30", zone="Europe/Berlin"), "2026-10-25T02:30:00+02:00")
        self.assertEqual(self.ask("-d", str(fold), "3", "h", zone="Europe/Berlin"), "2026-10-25T03:00:00+01:00")
        self.assertEqual(self.ask(str(fold), "3", "h", zone="Europe/Berlin"), str(2 * 3600 + 900))
        self.assertEqual(self.ask("-d", str(fold), "0", "h", zone="America/New_York"), "2026-10-25T00:00:00-04:00")

    def test_years(self):
        """A year below 100 counts from now; the others are near."""
        self.assertEqual(self.ask("-d", str(BASE), "5", "y"), "2008-01-01T00:00:00+00:00")
        self.assertEqual(self.ask("-d", "-b", str(BASE), "5", "y"), "1998-12-31T23:59:59+00:00")
        self.assertIn("between 2003 and 2102", self.call("time", str(BASE), "1990", "y", code=2).stderr)
        self.assertIn("between 1904 and 2003", self.call("time", "-b", str(BASE), "2004", "y", code=2).stderr)

    def test_for_people(self):
        """The largest units, three of them or as many as asked for."""
        base = BASE - 7 * 3600  # 2003-04-04T23:07:08
        for words, wanted in (("- 8 s", "44.0 sec"), ("7 m 9 s", "1.0 sec"), ("0 h", "52 min 52.0 sec"),
                              ("1 h 7 m 8 s", "2 hr"), ("2 h 8 m 9 s", "3 hr 1 min 1 sec"),
                              ("6 d 0 h 8 m 9 s", "1 dy 1 hr 1 min"), ("2004 y", "9 mo 1 dy 52 min")):
            with self.subTest(words):
                self.assertEqual(self.ask("--human", "--", str(base), *words.split()), wanted)
        self.assertEqual(self.ask("-H", "1", str(base), "2", "h", "8", "m", "9", "s"), "3 hr")
        self.assertEqual(self.ask("-n", "--human", str(base), "4", "d"), "now")

    def test_never(self):
        """What does not come within a hundred years: a sentence and exit code 1."""
        done = self.call("time", "30", "d", "2", "mo", code=1)
        self.assertEqual((done.stdout, done.stderr), ("", "moat-flow: this never comes within a hundred years\n"))
        self.assertIn("has never been", self.call("time", "-b", "30", "d", "2", "mo", code=1).stderr)

    def test_waiting(self):
        """--sleep returns when the time has come: at once, when it is now."""
        self.assertEqual(self.ask("-n", "-s", str(time.gmtime().tm_year), "y"), "")

    def test_mistakes(self):
        """What is wrong is said, with exit code 2."""
        for words, part in (((), "give the parts"), (("9",), "9 of what?"), (("9", "h", "10", "h"), "twice"),
                            (("9h",), "words of their own"), (("-s", "-b", "9", "h"), "--sleep"),
                            (("-H", "0", "9", "h"), "--parts"), (("-H", "x", "9", "h"), "--parts"),
                            (("--tz", "Berlin", "9", "h"), "no time zone `Berlin`")):
            with self.subTest(words):
                self.assertIn(part, self.call("time", *words, code=2).stderr)


class Calendar(CliTest):
    def test_once(self):
        """A calendar is read beside the loop, and `run --once` waits for what it says."""
        if "Not built in" in self.call("nodes").stdout and "  calendar " not in self.call("nodes").stdout.split("Not built in")[0]:
            self.skipTest("built without libical")
        self.write("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:ever\nDTSTART;VALUE=DATE:20200101\n"
                            "DTEND;VALUE=DATE:20990101\nEND:VEVENT\nEND:VCALENDAR\n")
        done = self.call("run", "--once", self.flow("x: {calendar: a.ics, tz: UTC}\n"
                                                    "show: {log: notice, from: [x.active, x.summary], "
                                                    "message: 'says {value}'}"))
        self.assertIn("says true", done.stdout + done.stderr)
        self.assertIn("says ever", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
