"""Every flow of the catalogue that a plan of the lab can have, as something that is done from end to end: who does what at
whom, and how one sees that it worked. A flow of the plan that has no exercise here is a mistake of the lab (see `missing`)."""

import collections
import concurrent.futures
import json
import time
import uuid

import cluster
import daemons

PATIENT = 20  # seconds for one try of what must work
IN_ALL = 60  # seconds until it must have worked
IMPATIENT = 1.5  # seconds for what must not work: more than any daemon waits (daemons.CONNECT)
AT_ONCE = 8

Exercise = collections.namedtuple("Exercise", "flow rule client action")
Rule = collections.namedtuple("Rule", "server endpoint protocol port audience peers reason")
Kind = collections.namedtuple("Kind", "flow endpoint clients action covers")
KINDS = []


class Failed(Exception):
    pass


def exercise(flow, endpoint, clients, covers=None):
    """`clients(lab)` do the decorated action with the server of a rule. `covers`: a flow that the plan does not name, as the
    rule of this one lets it in too."""

    def add(action):
        KINDS.append(Kind(flow, endpoint, clients, action, covers or flow))
        return action

    return add


def nodes(lab):
    return sorted(lab.roles)


def role(name):
    return lambda lab: lab.with_role(name)


def outside(*names):
    return lambda _: names


# What the actions are made of.


def ask(lab, machine, do, seconds, **arguments):
    """One exchange from a machine (inside/client.py)."""
    words = ["timeout", seconds + 10, "python3", "/srv/inside/client.py", do, json.dumps({**arguments, "seconds": seconds})]
    status, output = lab.machines[machine].run(words)
    if status != 0:
        raise Failed(output.strip()[-300:] or f"{do}: status {status}")
    return json.loads(output)


def expect(what, holds):
    if not holds:
        raise Failed(what)


def await_that(what, condition, seconds):
    try:
        cluster.wait_for(what, condition, seconds)
    except RuntimeError as problem:
        raise Failed(str(problem)) from problem


def token():
    return uuid.uuid4().hex


def send_mail(lab, machine, server, seconds, port=25, tls=None, user=None, to=None):
    """Sends a mail and waits until it lies in the mailbox."""
    mark = token()
    to = to or next(iter(lab.users))
    who = {"user": f"{user}@example.com", "password": lab.users[user]["password"]} if user else {}
    ask(lab, machine, "smtp", seconds, host=server, port=port, tls=tls, to=f"{to}@example.com", token=mark, **who)
    mailbox = lab.machines[lab.users[to]["server"]].path(f"/var/lib/lab/store/{to}/{mark}")
    await_that(f"mail to {to}", mailbox.exists, seconds)


def read_mail(lab, machine, server, seconds, do, port, tls, user=None):
    user = user or next(iter(lab.users))
    address, password = f"{user}@example.com", lab.users[user]["password"]
    ask(lab, machine, do, seconds, host=server, port=port, tls=tls, user=address, password=password)


def open_home(lab, machine, server, seconds, port, user):
    status, _, text = ask(lab, machine, "web", seconds, url=f"https://{server}:{port}/home/{user}/inbox")
    expect(f"status {status} for the home of {user}", status == 200)
    expect(f"the home of {user} on another server: {text}", json.loads(text)["server"] == lab.users[user]["server"])


def admin_soap(lab, machine, server, seconds, port=7071):
    user = lab.user_of(server)
    body = f"<AuthRequest><account>{user}</account><password>{lab.users[user]['password']}</password></AuthRequest>"
    status, _, text = ask(lab, machine, "web", seconds, url=f"https://{server}:{port}/service/admin/soap", body=body)
    expect(f"status {status}: {text}", status == 200 and f"<authToken>{server}" in text)


# The public.


@exercise("f-smtp-in", "smtp", outside("stranger"))
@exercise("f-mailstore-smtp", "smtp", role("mailstore"), covers="f-smtp-in")
@exercise("f-node-smtp", "smtp", nodes, covers="f-smtp-in")
def mail_in(lab, client, server, seconds):
    send_mail(lab, client, server, seconds)


@exercise("f-smtp-in", "smtps", outside("stranger"))
def submit_with_tls(lab, client, server, seconds):
    first, *_, last = lab.users
    send_mail(lab, client, server, seconds, port=465, tls="implicit", user=first, to=last)


@exercise("f-smtp-in", "submission", outside("stranger"))
def submit_with_starttls(lab, client, server, seconds):
    first, *_, last = lab.users
    send_mail(lab, client, server, seconds, port=587, tls="starttls", user=last, to=first)


@exercise("f-web", "proxy-http", outside("stranger"))
def be_redirected(lab, client, server, seconds):
    status, location, _ = ask(lab, client, "web", seconds, url=f"http://{server}/")
    expect(f"status {status}, to {location}", status == 301 and location == f"https://{server}/")


@exercise("f-web", "proxy-https", outside("stranger"))
def read_in_browser(lab, client, server, seconds):
    open_home(lab, client, server, seconds, 443, next(iter(lab.users)))


@exercise("f-mailclients", "proxy-imap", outside("stranger"))
def imap(lab, client, server, seconds):
    read_mail(lab, client, server, seconds, "imap", 143, "starttls")


@exercise("f-mailclients", "proxy-imaps", outside("stranger"))
def imaps(lab, client, server, seconds):
    read_mail(lab, client, server, seconds, "imap", 993, "implicit")


@exercise("f-mailclients", "proxy-pop3", outside("stranger"))
def pop3(lab, client, server, seconds):
    read_mail(lab, client, server, seconds, "pop3", 110, "starttls")


@exercise("f-mailclients", "proxy-pop3s", outside("stranger"))
def pop3s(lab, client, server, seconds):
    read_mail(lab, client, server, seconds, "pop3", 995, "implicit")


# Administrators.


@exercise("f-admin", "mailboxd-admin", outside("workstation"))
def admin_console(lab, client, server, seconds):
    admin_soap(lab, client, server, seconds)


@exercise("f-ssh", "ssh", outside("stranger", "workstation"))
@exercise("f-mgmt-ssh", "ssh", role("mailstore"), covers="f-ssh")
@exercise("f-zmrc-ssh", "ssh", role("ldap"), covers="f-ssh")
def log_in(lab, client, server, seconds):
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
    options.append(f"ConnectTimeout={max(1, int(seconds))}")
    words = [word for option in options for word in ("-o", option)]
    command = ["timeout", seconds + 10, "ssh", "-i", "/srv/shared/ssh_key", *words, f"root@{server}", "hostname"]
    status, output = lab.machines[client].run(command)
    expect(output.strip(), status == 0 and output.strip() == daemons.short(server))


# From the proxies: the stranger logs in at the proxy, who goes to the mailstore of that user.


@exercise("f-proxy-lookup", "mailboxd-extension", role("proxy"))
def log_in_through_lookup(lab, client, server, seconds):
    read_mail(lab, "stranger", client, seconds, "imap", 993, "implicit", lab.user_of(server))


@exercise("f-proxy-mail-tls", "mailbox-imaps", role("proxy"))
def imap_upstream(lab, client, server, seconds):
    read_mail(lab, "stranger", client, seconds, "imap", 143, "starttls", lab.user_of(server))


@exercise("f-proxy-mail-tls", "mailbox-pop3s", role("proxy"))
def pop3_upstream(lab, client, server, seconds):
    read_mail(lab, "stranger", client, seconds, "pop3", 995, "implicit", lab.user_of(server))


@exercise("f-proxy-web", "mailboxd-https", role("proxy"))
def web_upstream(lab, client, server, seconds):
    open_home(lab, "stranger", client, seconds, 443, lab.user_of(server))


@exercise("f-proxy-memcached", "memcached", role("proxy"))
def cached_route(lab, client, server, seconds):
    key = token()
    ask(lab, server, "remember", seconds, host="127.0.0.1", key=f"route:{key}", value=f"route of {key}")
    url = f"https://{client}/route/{daemons.short(server)}/{key}"
    status, _, text = ask(lab, "stranger", "web", seconds, url=url)
    expect(f"status {status}: {text[:100]}", status == 200 and text == f"route of {key}")


# From the MTA.


@exercise("f-mta-lmtp", "lmtp", role("mta"))
def deliver(lab, client, server, seconds):
    send_mail(lab, client, "127.0.0.1", seconds, to=lab.user_of(server))


@exercise("f-mta-sasl", "mailboxd-mta-auth", role("mta"))
def check_password(lab, client, server, seconds):
    user = lab.user_of(server)
    send_mail(lab, "stranger", client, seconds, port=587, tls="starttls", user=user, to=user)


@exercise("f-mta-train", "mailboxd-admin", role("mta"))
@exercise("f-mailstore-mailstore", "mailboxd-admin", role("mailstore"))
@exercise("f-zmprov-soap", "mailboxd-admin", nodes)
def administer(lab, client, server, seconds):
    admin_soap(lab, client, server, seconds)


@exercise("f-mta-train", "mailboxd-https", role("mta"))
@exercise("f-mailstore-mailstore", "mailboxd-https", role("mailstore"))
def fetch_from_mailstore(lab, client, server, seconds):
    open_home(lab, client, server, seconds, 8443, lab.user_of(server))


# Between all nodes.


@exercise("f-ldap", "ldap", nodes)
def search(lab, client, server, seconds):
    user = next(iter(lab.users))
    patience = ["-o", f"nettimeout={max(1, int(seconds))}"]
    command = ["timeout", seconds + 10, "ldapsearch", "-x", "-LLL", *patience, "-H", f"ldap://{server}"]
    status, output = lab.machines[client].run([*command, "-b", daemons.SUFFIX, f"(uid={user})", "zimbraMailTransport"])
    expect(output.strip(), status == 0 and "zimbraMailTransport: lmtp:" in output)


@exercise("f-ldap-repl", "ldap", role("ldap"))
def replicate(lab, client, server, seconds):
    """What is written on the server comes to the client, who asks every second."""
    name = token()
    entry = f"dn: ou={name},{daemons.SUFFIX}\nobjectClass: organizationalUnit\nou: {name}\n"
    status, output = lab.ldap_modify("ldapadd", server, entry)
    expect(output, status == 0)
    await_that(f"the new entry on {client}", lambda: lab.ldap_has(client, f"(ou={name})"), max(seconds, 2.5))


@exercise("f-syslog", "syslog", nodes)
def log(lab, client, server, seconds):
    mark = token()
    lab.machines[client].run(["logger", "-t", "lab", mark])
    path = lab.machines[server].path(daemons.LOGS)
    await_that("the line at the logger", lambda: path.exists() and mark in path.read_text(errors="replace"), seconds)


# The plan.


def rules_of(plan):
    for server in plan["servers"]:
        for item in server["open"]:
            yield Rule(server["name"], *(item[k] for k in ("endpoint", "protocol", "port", "audience", "peers", "reason")))


def flows_of(plan):
    """{(server, reason): ids of the flows that the plan gives as the cause}"""
    found = {}
    for server in plan["servers"]:
        for item in server["open"]:
            facts = [cause["fact"] for cause in item["because"]]
            found[server["name"], item["reason"]] = [fact.split()[1] for fact in facts if fact.startswith("flow ")]
    return found


def clients_of(lab, rule, kind):
    names = [name for name in kind.clients(lab) if name != rule.server]
    return [name for name in names if rule.audience != "cluster" or name in rule.peers]


def exercises_of(lab, plan):
    """All exercises of all rules of the plan."""
    flows = flows_of(plan)
    for rule in rules_of(plan):
        for kind in KINDS:
            if kind.endpoint == rule.endpoint and kind.covers in flows[rule.server, rule.reason]:
                for client in clients_of(lab, rule, kind):
                    yield Exercise(kind.flow, rule, client, kind.action)


def missing(lab, plan):
    """What the plan has and no exercise tries: flows, and peers of a rule."""
    done = list(exercises_of(lab, plan))
    for rule in rules_of(plan):
        mine = [one for one in done if one.rule == rule]
        for flow in flows_of(plan)[rule.server, rule.reason]:
            if flow not in {one.flow for one in mine}:
                yield f"{flow} to {rule.endpoint} of {rule.server}"
        for peer in set(rule.peers) - {one.client for one in mine}:
            yield f"{peer} at {rule.endpoint} of {rule.server}"
        if not mine:
            yield f"{rule.endpoint} of {rule.server} for {rule.audience}"


def name_of(one):
    rule = one.rule
    return f"{one.flow}: {one.client} -> {rule.server} {rule.endpoint} ({rule.port}/{rule.protocol})"


def once(lab, one, seconds):
    """None, or why it did not work."""
    try:
        one.action(lab, one.client, one.rule.server, seconds)
    except Failed as reason:
        return str(reason) or "it did not work"
    return None


def until_it_works(lab, one):
    """None, or why it still did not work in the end. Each try is new from the connection on."""
    end = time.monotonic() + IN_ALL
    while reason := once(lab, one, PATIENT):
        if time.monotonic() > end:
            return reason
        time.sleep(0.2)
    return None


def results(exercises, tried):
    """[(exercise, what `tried` says of it)], several at the same time."""
    exercises = list(exercises)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(zip(exercises, pool.map(tried, exercises)))
