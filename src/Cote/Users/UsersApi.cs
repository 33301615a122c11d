using Cote.Http;

namespace Cote.Users;

/// <summary>What the OpenAPI document says of accounts and sessions beyond their types.</summary>
static class UsersApi
{
    public static void Describe(ApiDocument api)
    {
        api.Schema<User>().Note("id", "Made by the server")
            .Note("instructions", "What the user wants of every chat: it stands before the prompts")
            .Note("email_verified", "A code that was mailed to the address came back")
            .Note("api_keys", "In the answer to a new password: how many API keys go on working");
        api.Schema<NewUser>()
            .Length("username", 3, 64).Pattern("username", "^[A-Za-z0-9._-]+$")
            .Note("username", "Unique without regard to case")
            .Length("email", 0, Credentials.MaxEmailLength).Note("email", "Unique without regard to case")
            .Length("password", Credentials.ShortestPassword, Credentials.LongestPassword)
            .Note("password", "Not a common one, and not the name or the address")
            .Note("invitation_code", "Where registration is by invitation")
            .Example("""{"username":"ada","email":"ada@example.com","password":"correct horse battery"}""");
        api.Schema<UserPatch>().Note("Only the fields that are named change.")
            .Length("username", 3, 64).Pattern("username", "^[A-Za-z0-9._-]+$")
            .Length("email", 0, Credentials.MaxEmailLength)
            .Length("password", Credentials.ShortestPassword, Credentials.LongestPassword)
            .Length("instructions", 0, UpdateMe.LongestInstructions).Note("instructions", "Null removes them")
            .Note("password", "A new password needs `current_password` and ends the other sessions")
            .Example("""{"email":"ada.lovelace@example.com"}""");
        api.Schema<LoginForm>().OneOf("grant_type", "password", "refresh_token")
            .Note("`username` and `password`; or `grant_type=refresh_token` and `refresh_token`.")
            .Note("username", "The username or the e-mail")
            .Note("device_name", "Names the session; the User-Agent where it is absent")
            .Note("scope", "Accepted and not used").Note("client_id", "Accepted and not used")
            .Note("client_secret", "Accepted and not used")
            .Example("""{"username":"ada","password":"correct horse battery"}""");
        api.Schema<TokenPair>().OneOf("token_type", "bearer").Note("expires_in", "Seconds")
            .Note("refresh_token", "Works once; each refresh answers the next one");
        api.Schema<SocketTicket>().Note("expires_in", "Seconds");
        api.Schema<SessionInfo>().Note("device", "As the login named it")
            .Note("current", "Is it the session that asks?");

        DescribeKeysAndMail(api);
        api.Operation(nameof(LogIn))
            .Refuses(Problems.WrongPassword, Problems.InvalidRefreshToken, Problems.AccountDisabled);
        api.Operation(nameof(Register)).Refuses(
            Problems.UsernameTaken, Problems.EmailTaken, Problems.RegistrationClosed, Problems.WrongInvitation);
        api.Operation(nameof(UpdateMe))
            .Refuses(Problems.UsernameTaken, Problems.EmailTaken, Problems.WrongCurrentPassword);
        api.Operation(nameof(CreateTicket))
            .Note("Good for one socket within 30 seconds, at any node: `GET /ws?ticket=`.");
    }
    static void DescribeKeysAndMail(ApiDocument api)
    {
        api.Schema<NewApiKey>().Length("name", 1, ApiKey.LongestName)
            .Note("scopes", $"At least one of `{string.Join("`, `", KeyScopes.All)}`; `metrics` for admins only")
            .Note("expires_in", "Seconds; without it the key has no end")
            .Example("""{"name":"backup","scopes":["read"],"expires_in":2592000}""");
        api.Schema<ApiKey>().Note("key", "Shown once, in the answer that makes it")
            .Note("last_used_at", "To the minute").Note("expires_at", "Null: it has no end");

        api.Operation(nameof(CreateApiKey)).Refuses(Problems.AdminOnly, Problems.TooManyKeys);
        api.Schema<ForgottenPassword>().Length("email", 0, Credentials.MaxEmailLength)
            .Example("""{"email":"ada@example.com"}""");
        api.Schema<NewPassword>().Length("code", 0, MailCode.LongestTyped)
            .Note("code", "As it stands in the mail; case, blanks and dashes do not matter")
            .Length("password", Credentials.ShortestPassword, Credentials.LongestPassword)
            .Example("""{"code":"7G3KQ-04MZX-9T2BH-CW8RA","password":"correct horse battery"}""");
        api.Schema<PasswordWasReset>().Note("api_keys", "How many API keys go on working");
        api.Schema<EmailCode>().Length("code", 0, MailCode.LongestTyped)
            .Note("code", "As it stands in the mail; without it, a mail is sent")
            .Example("""{"code":"7G3KQ-04MZX-9T2BH-CW8RA"}""");
        api.Operation(nameof(ForgotPassword)).Refuses(Problems.MailNotConfigured)
            .Note("Answers 200 whether or not the address has an account, and in the same time.");
        api.Operation(nameof(ResetPassword)).Refuses(Problems.InvalidCode, Problems.MailNotConfigured);
        api.Operation(nameof(VerifyEmail)).Refuses(Problems.InvalidCode, Problems.MailNotConfigured);
    }
}
