//! Chooses the parser by the name that a speaker gives itself.

use super::claim::Claim;
use super::{accounts, doas, dropbear, ftp, login, pam, polkit, remote, session, sshd, su, sudo, web_log};

/// Reads the message of the speaker `tag`; `None` when it says nothing about sign-ins.
pub(super) fn read<'a>(tag: &'a [u8], message: &'a [u8]) -> Option<Claim<'a>> {
    if message.starts_with(b"pam_")
        || message.starts_with(b"(pam_")
        || tag.last() == Some(&b')') && super::cut::find(tag, b"(pam_").is_some()
    {
        return pam::read(tag, message);
    }
    match tag {
        b"sshd" | b"sshd-session" | b"sshd-auth" => sshd::read(message),
        b"sudo" => sudo::read(message),
        b"su" | b"su-l" => su::read(message),
        b"login" => login::read(message),
        b"doas" => doas::read(message),
        b"pkexec" => polkit::pkexec(message),
        b"polkitd" | b"polkitd(authority=local)" => polkit::polkitd(message),
        b"systemd-logind" => session::logind(message),
        b"dropbear" => dropbear::read(message),
        b"cron" | b"CRON" | b"crond" | b"CROND" | b"crontab" => session::cron(message),
        b"useradd" | b"usermod" | b"userdel" | b"groupadd" | b"groupmod" | b"groupdel" | b"gpasswd"
        | b"passwd" | b"chage" | b"chfn" | b"chsh" | b"chpasswd" | b"newusers" | b"adduser" | b"addgroup"
        | b"vipw" | b"systemd-sysusers" => accounts::read(tag, message),
        b"vsftpd" => ftp::vsftpd(message),
        b"proftpd" => ftp::proftpd(message),
        b"pure-ftpd" => ftp::pure_ftpd(message),
        b"ftpd" | b"in.ftpd" | b"wu.ftpd" => ftp::ftpd(message),
        b"openvpn" | b"ovpn-server" | b"openvpn-server" => remote::openvpn(message),
        b"AUTHFAIL" => remote::xrdp(message),
        b"xrdp-sesman" | b"xrdp" => remote::xrdp(super::cut::split(message, b"AUTHFAIL: ")?.1),
        b"webmin" => remote::webmin(message),
        b"nextcloud" | b"Nextcloud" | b"owncloud" | b"ownCloud" => web_log::read(message),
        b"fail2ban" | b"fail2ban.actions" | b"fail2ban-server" => remote::fail2ban(message),
        b"sshguard" => remote::sshguard(message),
        _ if message.starts_with(b"PAM ") => pam::read(tag, message),
        _ => None,
    }
}
