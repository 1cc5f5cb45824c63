# SPDX-License-Identifier: LGPL-3.0-or-later
"""calendar: one that a server has, which changes, has faults and comes back."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli import CliTest  # noqa: E402
from web import Web  # noqa: E402

SHOW = 'show: {log: notice, from: office.summary, message: "says {value} {quality}"}'


def calendar(title):
    """An event that recurs each day and lasts all of it."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "BEGIN:VEVENT", "UID:1",
                        "DTSTAMP:20260101T000000Z", "DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260102",
                        "RRULE:FREQ=DAILY", f"SUMMARY:{title}", "END:VEVENT", "END:VCALENDAR", ""])


class CalendarWeb(CliTest):
    def environment(self, **more):
        """Whatever proxy the machine has, the servers here are not behind it."""
        return super().environment(**{"no_proxy": "*", "TZ": "UTC", **more})

    def test_faults(self):
        """It is fetched when it has changed; while the server has a fault the last good one counts, marked stale."""
        pages = [(200, calendar("one"), {"ETag": '"1"'}), (304, ""), (503, "later"), (200, "<html>"),
                 (200, calendar("two"), {"ETag": '"2"'})]
        web = Web(self, lambda asked: pages[min(len(web.asked), len(pages)) - 1])
        self.write("secrets/office", web.url("/private-hidden/office.ics?key=hidden"))
        self.flow('office: {calendar: "${secret:office}", every: 1s, stale: 1h}\n' + SHOW)
        env = {"CREDENTIALS_DIRECTORY": str(self.dir / "secrets")}
        self.call("validate", "flow.yaml", env=env)
        running = self.start("run", "flow.yaml", **env)
        said = [running.until("says").split("says ")[1].strip() for _ in range(5)]
        self.assertEqual(said, ["one good", "one good", "one stale: HTTP 503: unavailable",
                                "one stale: not decodable", "two good"])
        self.assertEqual([a.headers["If-None-Match"] for a in web.asked[:5]], [None, '"1"', '"1"', '"1"', None])
        log = "".join(running.lines)
        self.assertIn(f"{web.url()}: status 503: later; what was known of it still counts", log)
        self.assertNotIn("hidden", log)

    def test_none(self):
        """Without a calendar there is nothing to go on from: the outputs are bad until there is one."""
        web = Web(self, lambda asked: (404, "") if len(web.asked) < 2 else calendar("one"))
        self.flow(f'office: {{calendar: "{web.url("/office.ics")}", every: 1s, stale: 1h}}\n{SHOW}')
        running = self.start("run", "flow.yaml")
        running.until("says null bad: HTTP 404")
        running.until("says one good")

    def test_gone(self):
        """A server that is gone takes no event away."""
        web = Web(self, lambda asked: calendar("one"))
        self.flow(f'office: {{calendar: "{web.url("/office.ics")}", every: 1s, stale: 1h}}\n{SHOW}')
        running = self.start("run", "flow.yaml")
        running.until("says one good")
        web.end()
        running.until("says one stale: link down")
        Web(self, lambda asked: calendar("two"), port=web.port)
        running.until("says two good")


if __name__ == "__main__":
    unittest.main()
