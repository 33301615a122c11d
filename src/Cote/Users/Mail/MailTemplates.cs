namespace Cote;

/// <summary>Who gets a mail.</summary>
/// <param name="UserId">The user's id.</param>
/// <param name="Username">ASCII letters, digits and <c>._-</c>; safe in HTML and in a header.</param>
/// <param name="Email">The address. It may hold <c>&lt;</c>, <c>&amp;</c> or quotes: encode it in HTML.</param>
public sealed record MailRecipient(string UserId, string Username, string Email);

/// <summary>What a mail says.</summary>
/// <param name="Subject">One line; what would break it is replaced by a blank.</param>
/// <param name="Text">The text, for every reader of mail.</param>
/// <param name="Html">The same as HTML, or null.</param>
public sealed record MailText(string Subject, string Text, string? Html = null);

/// <summary>
/// Makes the mails that are sent. Each gets who it is for and the code, 20 letters and digits in groups of five. It is
/// called off the request's path, again for each try; what it throws, or a mail without a subject or text, is a failure
/// of that try.
/// </summary>
public sealed record MailTemplates
{
    /// <summary>To who has forgotten the password; the code works once, for 30 minutes.</summary>
    public Func<MailRecipient, string, MailText> PasswordReset { get; init; } = (to, code) => new(
        "Your code for a new password",
        $"""
        Hello {to.Username},

        somebody, probably you, asked for a new password for this account. This code sets it, once, within 30 minutes:

            {code}

        If it was not you, you need do nothing: the password stays as it is.
        """);

    /// <summary>To an address that is to be verified; the code works once, for 24 hours.</summary>
    public Func<MailRecipient, string, MailText> EmailVerification { get; init; } = (to, code) => new(
        "Your code for this address",
        $"""
        Hello {to.Username},

        this code shows that mail to this address reaches you. It works once, within 24 hours:

            {code}

        If you have no account here, you need do nothing.
        """);
}
