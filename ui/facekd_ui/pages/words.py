"""Words that several pages use: roles, and what a role is for."""

from facekd_db.records import Role
from facekd_ui.i18n.text import T, Text

ROLES: dict[Role, Text] = {
    Role.OPERATOR: T("Operator"),
    Role.ADMINISTRATOR: T("Administrator"),
    Role.ENGINEER: T("Engineer"),
    Role.AUDITOR: T("Auditor"),
}
ROLE_HELP: dict[Role, Text] = {
    Role.OPERATOR: T("Watches, enrols people, corrects wrong names."),
    Role.ADMINISTRATOR: T("Answers for the data: accounts, shared settings, erasing."),
    Role.ENGINEER: T("Answers for the recognition; changes nobody's data."),
    Role.AUDITOR: T("Reads what was recorded; changes nothing."),
}
