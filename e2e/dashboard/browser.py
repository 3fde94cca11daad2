"""A headless Chromium that watches what Horizon shows while a user walks through it."""

import json
import re

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30  # seconds
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server", "--window-size=1500,1100",
    "--disable-background-networking", "--disable-component-update",
)
# The sentences that Horizon shows when a call to a service has failed.
COMPLAINTS = re.compile(r"\b(Unable to|Error:|Danger:|Something went wrong|There was an error)[^\n]*")

# Horizon answers this with a 500 of its own where the image service has, rightly, no namespace of a kind: it makes
# a pool of no threads then, which Python refuses. It shows nothing of it. nova-api's own replies are in its log.
NAMESPACES = "/api/glance/metadefs/namespaces/"


class Browser:
    """Chromium on the pages of one Horizon. Each picture it takes is also a check of the page."""

    def __init__(self, url, pictures, taken=0):
        self.url = url
        self.pictures = pictures
        self.taken = taken
        options = webdriver.ChromeOptions()
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))

    def quit(self):
        """End Chromium."""
        self.driver.quit()

    def open(self, path):
        """Open a page of Horizon."""
        self.driver.get(f"{self.url}/{path}")

    def wait(self, condition, what, patience=PATIENCE, *passing):
        """Wait until a condition gives something true, and return it; elements may come and go meanwhile, and errors that are passing."""
        return WebDriverWait(self.driver, patience, 0.1, [StaleElementReferenceException, *passing]).until(
            lambda _: condition(), f"waited {patience} s in vain for {what}, at {self.driver.current_url}")

    def all(self, selector):
        """Give the elements that a user sees."""
        return [e for e in self.driver.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]

    def find(self, selector, text=""):
        """Give the first element that a user sees, with a text in it, as soon as there is one."""
        return self.wait(lambda: next((e for e in self.all(selector) if text in e.text), None), f"{selector} {text!r}")

    def click(self, selector, text=""):
        """Click on an element as soon as it is seen."""
        element = self.find(selector, text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, **fields):
        """Fill in the fields of the form that is open, by name; a text of an option chooses it."""
        for name, value in fields.items():
            field = self.wait(lambda n=name: self.field(n), f"the field {name}")
            if not field.is_displayed():  # Horizon hides some lists behind a menu of its own
                menu = field.find_element(By.XPATH, "./ancestor::*[contains(@class, 'themable-select')][1]")
                menu.find_element(By.CSS_SELECTOR, ".dropdown-toggle").click()
                self.choose(menu.find_elements(By.CSS_SELECTOR, "li a"), value)
            elif field.tag_name == "select":
                self.choose(field.find_elements(By.CSS_SELECTOR, "option"), value)
            else:
                field.clear()
                field.send_keys(value)

    def field(self, name):
        """Give a field of the form that is open, or None."""
        found = self.driver.find_elements(By.CSS_SELECTOR, f'.modal [name="{name}"]') or self.driver.find_elements(By.NAME, name)
        return next((f for f in found if f.is_displayed() or f.tag_name == "select"), None)

    def choose(self, options, text):
        """Click on the option that has a text."""
        found = [option for option in options if text in option.text]
        assert found, f"{text!r} is not among {[option.text for option in options]}"
        found[0].click()

    def submit(self):
        """Send the form that is open, and wait until it is closed."""
        self.click(".modal.in .modal-footer .btn-primary, .modal.in .modal-footer .btn-danger, .modal.in .modal-footer .btn-warning")
        self.wait(lambda: not self.all(".modal.in"), "the form to close")

    def text(self):
        """Give what the page says."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def picture(self, name):
        """Take a picture of the page, and check that nothing on it and on the way to it has failed."""
        self.taken += 1
        self.driver.save_screenshot(str(self.pictures / f"{self.taken:02}-{name}.png"))
        self.check(name)

    def check(self, name):
        """Fail on a complaint that the page shows, and on replies with a status of the server's fault."""
        alerts = [e.text for e in self.all(".alert-danger, .alert-error, .toast-error")]
        complaints = [found.group(0) for found in COMPLAINTS.finditer(self.text())]
        faults = [f"{status} {url}" for status, url in self.replies() if status >= 500 and NAMESPACES not in url]
        assert not alerts + complaints + faults, f"{name}: {alerts + complaints + faults}"

    def replies(self):
        """Give the statuses and addresses of what was loaded since the last call."""
        for line in self.driver.get_log("performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.responseReceived":
                reply = message["params"]["response"]
                yield reply["status"], reply["url"]
