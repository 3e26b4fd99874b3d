"""What `explain PORT --all` must say of the ports that people ask for, written by hand from the facts about each product.

A cell: `open ENDPOINT AUDIENCE SERVER...` (the servers where it is open, by their short names), `closed ENDPOINT`,
`candidate ENDPOINT SERVER...` (documented, and nobody could check it), `never ENDPOINT` (the product has no such thing,
and the catalogue says so). Several are separated by `;`."""

PRODUCTS = {
    "zimbra": "cluster",
    "zimbra with suite": "suite-8815",
    "carbonio ce": "carbonio-ce-five",
    "carbonio advanced": "carbonio-split",
}


def _proxied(name):
    return (f"open proxy-{name} public proxy1 proxy2", f"open proxy-{name} public proxy1", f"open c-{name} public srv3",
            f"open c-{name} public proxy1 proxy2")  # fmt: skip


def _same(zimbra, carbonio):
    return (zimbra, zimbra, carbonio, carbonio)


TABLE = {
    # Outside.
    25: ("open smtp public mta1", "open smtp public mta1", "open c-smtp public srv2", "open c-smtp public mta1 mta2"),
    80: _same("closed proxy-http", "closed c-web-http"),  # installers set the mode https
    110: _proxied("pop3"),
    143: _proxied("imap"),
    443: ("open proxy-https public proxy1 proxy2", "open proxy-https public proxy1", "open c-web-https public srv3",
          "open c-web-https public proxy1 proxy2"),
    587: ("open submission public mta1", "open submission public mta1", "open c-submission public srv2",
          "open c-submission public mta1 mta2"),
    993: _proxied("imaps"),
    995: _proxied("pop3s"),
    # Chat: of Zimbra only where the extension is; of Carbonio at the proxy.
    5222: ("closed chat-xmpp", "open z-chat-5222 public mbox1 mbox2", "open c-xmpp public srv3",
           "open c-xmpp public proxy1 proxy2"),
    5223: ("closed chat-xmpp-ssl", "closed z-chat-5223", "never c-no-chat-tls", "never c-no-chat-tls"),
    9071: _same("closed proxy-admin", "closed c-old-admin-proxy"),
    # Inside.
    389: ("open ldap cluster ldap1", "open ldap cluster ldap1", "open c-ldap cluster srv1",
          "open c-ldap cluster mesh1 mesh2"),
    636: _same("closed ldaps", "closed c-ldaps"),
    3310: _same("closed clamd", "closed c-clamd"),
    5269: ("closed chat-s2s", "open z-chat-5269 cluster mbox1 mbox2", "never c-no-chat-s2s", "never c-no-chat-s2s"),
    7025: ("open lmtp cluster mbox1 mbox2", "open lmtp cluster mbox1 mbox2", "open c-lmtp cluster srv4",
           "open c-lmtp cluster mbox1 mbox2"),
    7047: _same("closed convertd", "never c-no-convertd"),
    7071: ("open mailboxd-admin admin mbox1 mbox2; open mailboxd-admin cluster mbox1 mbox2",
           "open mailboxd-admin admin mbox1 mbox2; open mailboxd-admin cluster mbox1 mbox2",
           "open c-mbox-admin cluster srv4", "open c-mbox-admin cluster mbox1 mbox2"),
    7072: ("open mailboxd-extension cluster mbox1 mbox2", "open mailboxd-extension cluster mbox1 mbox2",
           "open c-lookup cluster srv4", "open c-lookup cluster mbox1 mbox2"),
    7073: ("open mailboxd-mta-auth cluster mbox1 mbox2", "open mailboxd-mta-auth cluster mbox1 mbox2",
           "open c-mtaauth cluster srv4", "open c-mtaauth cluster mbox1 mbox2"),
    # Of each pair what the proxies dial: TLS with Zimbra, plain after Carbonio's bootstrap; with proxy2 both.
    7110: ("closed mailbox-pop3", "closed mailbox-pop3", "open c-mbox-pop3 cluster srv4",
           "open c-mbox-pop3 cluster mbox1 mbox2"),
    7143: ("closed mailbox-imap", "closed mailbox-imap", "open c-mbox-imap cluster srv4",
           "open c-mbox-imap cluster mbox1 mbox2"),
    7171: _same("closed zmconfigd", "closed c-configd"),
    7306: _same("closed mariadb", "closed c-mariadb"),
    7780: _same("closed spell", "never c-no-spell"),
    7993: ("open mailbox-imaps cluster mbox1 mbox2", "open mailbox-imaps cluster mbox1 mbox2", "closed c-mbox-imaps",
           "open c-mbox-imaps cluster mbox1 mbox2"),
    7995: ("open mailbox-pop3s cluster mbox1 mbox2", "open mailbox-pop3s cluster mbox1 mbox2", "closed c-mbox-pop3s",
           "open c-mbox-pop3s cluster mbox1 mbox2"),
    8080: ("closed mailboxd-http", "closed mailboxd-http", "open c-mbox-http cluster srv4",
           "open c-mbox-http cluster mbox1 mbox2"),
    8443: ("open mailboxd-https cluster mbox1 mbox2", "open mailboxd-https cluster mbox1 mbox2", "closed c-mbox-https",
           "open c-mbox-https cluster mbox1 mbox2"),
    8735: ("closed z-core-8735", "candidate z-core-8735 mbox1 mbox2", "closed c-zxcore",
           "open c-zxcore cluster mbox1; candidate c-zxcore mbox2"),
    8736: ("closed z-core-8736", "candidate z-core-8736 mbox1 mbox2", "closed c-zxcore2",
           "candidate c-zxcore2 mbox1 mbox2"),
    10024: _same("closed amavis-10024", "closed c-mta-loop"),
    10025: _same("closed postfix-10025", "closed c-mta-loop"),
    10026: _same("closed amavis-10026", "closed c-mta-loop"),
    10028: _same("closed postfix-10028", "closed c-mta-loop"),
    10029: _same("closed postfix-10029", "closed c-mta-loop"),
    10032: _same("closed amavis-10032", "closed c-mta-loop"),
    # Of Carbonio the same numbers of UDP are among those of the video server's media.
    23232: ("closed amavis-snmp-legacy", "closed amavis-snmp-legacy", "never c-no-amavis-snmp; open c-rtp public srv5",
            "never c-no-amavis-snmp; open c-rtp public video1"),
    23233: ("closed amavis-snmp-legacy", "closed amavis-snmp-legacy", "never c-no-amavis-snmp; open c-rtp public srv5",
            "never c-no-amavis-snmp; open c-rtp public video1"),
    # From one proxy to the other; Carbonio's listens on loopback.
    11211: ("open memcached cluster proxy1 proxy2", "closed memcached", "closed c-memcached", "closed c-memcached"),
}  # fmt: skip
