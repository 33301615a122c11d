using System.Net.Security;
using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Cote.Users;

/// <summary>What became of a try to send a mail.</summary>
/// <param name="Why">Null where it was sent, else why not: never an address or a code.</param>
/// <param name="IsFinal">Another try would end in the same way.</param>
readonly record struct MailOutcome(string? Why, bool IsFinal);

/// <summary>Accepts a server's certificate; null: as the system does. Tests have certificates of their own.</summary>
sealed record MailTrust(RemoteCertificateValidationCallback? Accepts);

/// <summary>Hands mails to the SMTP server, one connection each.</summary>
sealed class Mailer(MailOptions options, MailTrust trust)
{
    static readonly TimeSpan Within = TimeSpan.FromSeconds(60);

    public async Task<MailOutcome> SendAsync(string id, string address, MailText text, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Within);
        try
        {
            using var message = Compose(id, address, text);
            using var client = new SmtpClient { CheckCertificateRevocation = false };
            if (trust.Accepts is not null)
                client.ServerCertificateValidationCallback = trust.Accepts;
            await client.ConnectAsync(options.Host!, options.PortInUse, SocketOptions, limit.Token);
            if (options.Username is not null)
                await client.AuthenticateAsync(options.Username, options.Password!.Reveal(), limit.Token);
            await client.SendAsync(message, limit.Token);
            await TryQuitAsync(client, limit.Token);
            return default;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new($"it took longer than {Within.TotalSeconds} s", IsFinal: false);
        }
        // The server's own words may repeat the address.
        catch (SmtpCommandException error)
        {
            var code = (int)error.StatusCode;
            return new($"the server answered {code} ({error.ErrorCode})",
                IsFinal: code >= 500 && error.ErrorCode is SmtpErrorCode.RecipientNotAccepted);
        }
        catch (Exception error) when (error is IOException or SocketException or AuthenticationException
            or SslHandshakeException or ProtocolException or NotSupportedException or ServiceNotConnectedException
            or ServiceNotAuthenticatedException)
        {
            return new(error.GetType().Name, IsFinal: false);
        }
    }

    SecureSocketOptions SocketOptions => options.Security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "none" => SecureSocketOptions.None,
        _ => SecureSocketOptions.StartTls,
    };

    MimeMessage Compose(string id, string address, MailText text)
    {
        var from = EmailOf(options.From!);
        var message = new MimeMessage
        {
            // The same for every try: a reader of mail that gets two shows one.
            MessageId = $"{id}@{from.Domain}",
            Subject = string.Concat(text.Subject.Select(x => char.IsControl(x) ? ' ' : x)),
            Body = new BodyBuilder { TextBody = text.Text, HtmlBody = text.Html }.ToMessageBody(),
        };
        message.From.Add(from);
        message.To.Add(EmailOf(address));
        message.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834: no answer of a machine comes back
        return message;
    }

    // As one mailbox or not at all: what the grammar of mail would read as two must not become a second recipient.
    static MailboxAddress EmailOf(string address) =>
        MailboxAddress.TryParse(address, out var mailbox) && mailbox.Address == address ? mailbox
            : throw new NotSupportedException("This is no address of one mailbox.");

    // It is sent by then: whatever a farewell meets, a second one must not follow.
    static async Task TryQuitAsync(SmtpClient client, CancellationToken ct)
    {
        try
        {
            await client.DisconnectAsync(quit: true, ct);
        }
        catch (Exception error) when (error is IOException or SocketException or ProtocolException
            or OperationCanceledException)
        {
        }
    }
}
