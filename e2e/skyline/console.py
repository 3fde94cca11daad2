"""A browser on Skyline's console: its tables, menus and forms, and what it says when something failed."""

import time

from browser import Browser
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

TEN_DAYS = 864_000_000  # milliseconds
LOADING = ".ant-spin-spinning, .ant-skeleton, .ant-btn-loading"
# Notices and pages that say that something failed, or that there is nothing.
COMPLAINTS = ".ant-notification-notice:has(.anticon-close-circle), .ant-message-error, .ant-result, .ant-modal-confirm:has(.anticon-close-circle)"
# What Skyline asks for on the chance, and is refused by every cloud.
EXPECTED = (
    "/keystone/v3/system/users/",  # the user's roles for the system, which only administrators may list
)


class Console(Browser):
    """Chromium on the pages of one Skyline, in English."""

    def __init__(self, url, pictures, taken=0):
        super().__init__(url, pictures, taken)
        self.open("favicon.ico")
        self.driver.execute_script("localStorage.setItem('lang', JSON.stringify({value: 'en', expires: Date.now() + arguments[0]}))", TEN_DAYS)

    def log_in(self, user, password):
        """Log in on the first page."""
        self.open("auth/login")
        self.find("#normal_login_domain").send_keys(user)
        self.find("#normal_login_password").send_keys(password)
        self.click("#normal_login button[type=submit]")
        self.wait(lambda: "/auth/login" not in self.driver.current_url, "the login")

    def visit(self, path, text=""):
        """Open a page, and wait until nothing of it is loading."""
        self.open(path)
        self.settle()
        if text:
            self.find("#app", text)

    def settle(self):
        """Wait until the page shows something, and none of it is loading; for half a second, since one request begins the next."""
        quiet = [time.monotonic()]

        def settled():
            if self.all(LOADING) or not self.all(".ant-layout-content, .ant-layout"):
                quiet[0] = time.monotonic()
            return time.monotonic() - quiet[0] > 0.5
        self.wait(settled, "the page to be loaded", 60)

    def tab(self, name):
        """Choose a tab."""
        self.wait(lambda: next((e.click() or True for e in self.all(".ant-tabs-tab-btn") if e.text == name), None), f"the tab {name}")

    def follow(self, path, name):
        """Open the page of what a row of a table shows."""
        self.visit(path)
        self.wait(lambda: self.press(self.row(name).find_element("css selector", "a")) or True, name)
        self.settle()

    def row(self, name, within=""):
        """Give the row of a table that has a text."""
        return self.find(f"{within} .ant-table-row", name)

    def hover(self, element):
        """Point at an element."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", element)
        ActionChains(self.driver).move_to_element(element).perform()

    def act(self, path, name, action, group=""):
        """Choose an action for the row with a name: of its own, in its menu, or in a group of the menu."""
        self.visit(path)

        def chosen():
            row = self.row(name)
            own = [b for b in row.find_elements("css selector", "button") if b.text == action]
            if own:
                own[0].click()  # a window opens only for a click of the user's
                return True
            self.hover(next(e for e in row.find_elements("css selector", ".ant-dropdown-trigger") if e.is_displayed()))
            if group:
                self.hover(self.soon(".ant-dropdown-menu-submenu-title", group))
            self.press(self.soon(".ant-dropdown-menu-submenu-popup button, .ant-dropdown button", action))
            return True
        self.wait(chosen, f"{action} for {name}", 60, TimeoutException)

    def soon(self, selector, text):
        """Find what a menu opens; not for long, since the pointer may have to come again."""
        return self.wait(lambda: next((e for e in self.all(selector) if e.text == text), None), f"{text} in the menu", 3)

    def press(self, element):
        """Click on an element that may be moving or under something."""
        self.driver.execute_script("arguments[0].click()", element)

    def head(self, action):
        """Choose an action above a table."""
        self.click(".table-header-action-btns button, .table-header-btns button, .primary-btns button", action)

    def item(self, name):
        """Give an item of the form that is open."""
        return self.find(f"#form-item-col-{name}")

    def write(self, **items):
        """Write into items of the form that is open."""
        for name, value in items.items():
            self.item(name)
            field = self.find(f"#form-item-col-{name} input, #form-item-col-{name} textarea")
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(value)

    def choose(self, name, text=""):
        """Choose an option in a list of the form; the first without a text."""
        self.click(f"#form-item-col-{name} .ant-select")
        self.click(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", text)

    def radio(self, name, text):
        """Choose one of the buttons of an item."""
        self.click(f"#form-item-col-{name} .ant-radio-button-wrapper", text)

    def tick(self, name):
        """Tick a box of the form."""
        self.press(self.driver.find_element("css selector", f"#form-item-col-{name} input[type=checkbox]"))

    def select(self, name, text="", wanted=True):
        """Choose a row of a table of the form, or choose it no more."""
        def chosen():
            row = self.row(text, f"#form-item-col-{name}")
            box = row.find_element("css selector", ".ant-table-selection-column input")
            if box.is_selected() != wanted:
                self.press(box)
            return box.is_selected() == wanted
        self.settle()
        self.wait(chosen, f"{text!r} among {name}")

    def submit(self, where=".ant-modal-footer"):
        """Send the form that is open, and wait until Skyline says that it has been done."""
        self.click(f"{where} button.ant-btn-primary, {where} button.ant-btn-dangerous")
        self.done()

    def confirm(self):
        """Say yes to the question whether one is sure, and wait until it has been done."""
        self.click(".ant-modal-confirm-btns button.ant-btn-primary, .ant-modal-confirm-btns button.ant-btn-dangerous")
        self.done()

    def done(self):
        """Wait for the notice of success, and close it."""
        def noticed():
            self.complain("a form")
            return self.all(".ant-notification-notice:has(.anticon-check-circle), .ant-message-success")
        self.wait(noticed, "the notice that it has been done")
        for close in self.all(".ant-notification-notice-close"):
            self.press(close)

    def becomes(self, path, name, *texts, patience=60):
        """Look at a page until the row with a name has some texts."""
        def reached():
            self.visit(path)
            found = [row.text for row in self.all(".ant-table-row") if name in row.text]
            return found and all(text in found[0] for text in texts)
        self.wait(reached, f"{name} to be {texts}", patience)

    def gone(self, path, name):
        """Look at a page until no row has a name."""
        def away():
            self.visit(path)
            return not [row for row in self.all(".ant-table-row") if name in row.text]
        self.wait(away, f"{name} to be gone")

    def picture(self, name):
        """Take a picture of the page once it is loaded, and check it."""
        self.settle()
        self.taken += 1
        self.driver.save_screenshot(str(self.pictures / f"{self.taken:02}-{name}.png"))
        self.complain(name)

    def complain(self, name):
        """Fail on what the page complains of, on a page without anything, and on replies that refuse what the console asked."""
        complaints = [element.text or "without words" for element in self.all(COMPLAINTS)]
        if not self.text().strip():
            complaints.append("the page is empty")
        faults = [f"{status} {url}" for status, url in self.replies() if status >= 400 and not any(known in url for known in EXPECTED)]
        assert not complaints + faults, f"{name}: {complaints + faults}"
