/** What PAM calls a password in the most common languages of servers. */
const password =
  /passw|passcode|kennwort|mot de passe|contrase|senha|wachtwoord|hasło|пароль|heslo|parola|şifre|jelszó|lösenord|密码|密碼|パスワード|암호/iu;
/** e.g. pam_oath's "One-time password (OATH)": useless for the next login. */
const oneTime = /one.?time|\botp\b|einmal|ワンタイム|usage unique/iu;

/** Whether a server's prompt (RFC 4256) with hidden input asks for the account's password. */
export function isPasswordField({
  label,
  echo,
}: {
  readonly label: string;
  readonly echo: boolean | undefined;
}): boolean {
  return echo !== true && password.test(label) && !oneTime.test(label);
}
