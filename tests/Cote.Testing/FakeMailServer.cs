using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Cote.Testing;

/// <summary>A mail as the server got it.</summary>
/// <param name="From">The sender of the envelope.</param>
/// <param name="To">Its recipients.</param>
/// <param name="Text">Headers and body, as they came.</param>
/// <param name="IsEncrypted">Whether it came over TLS.</param>
/// <param name="Login">Name and password, with a colon between, or null.</param>
public sealed record TestMail(string From, IReadOnlyList<string> To, string Text, bool IsEncrypted, string? Login)
{
    /// <summary>The code in it.</summary>
    public string Code => Regex.Match(Text, "[0-9A-Z]{5}(-[0-9A-Z]{5}){3}").Value;

    /// <summary>A header, unfolded; all of them where there are several.</summary>
    public string Header(string name) => string.Join("\n", Regex.Replace(Text.Split("\r\n\r\n")[0], "\r\n[ \t]", " ")
        .Split("\r\n").Where(x => x.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(x => x[(name.Length + 1)..].Trim()));
}

/// <summary>How a mail server behaves.</summary>
public enum MailServerMood
{
    /// <summary>It takes every mail.</summary>
    Works,

    /// <summary>451: try later.</summary>
    IsBusy,

    /// <summary>550: no such mailbox.</summary>
    RefusesRecipient,

    /// <summary>It accepts the connection and says nothing.</summary>
    IsSilent,

    /// <summary>It hangs up before it says a word.</summary>
    HangsUp,

    /// <summary>It takes the mail, and hangs up before it says so.</summary>
    TakesAndHangsUp,
}

/// <summary>A real SMTP server on loopback, that keeps what it gets and fails as told.</summary>
public sealed class FakeMailServer : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentQueue<TestMail> _mails = [];
    readonly ConcurrentQueue<string> _lines = [];
    readonly ConcurrentDictionary<Task, bool> _clients = [];
    readonly Task _accepting;
    int _connections;

    FakeMailServer(string security, string? login)
    {
        (Security, Login) = (security, login);
        Certificate = RsaKeys.CertificateFor("localhost");
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public static FakeMailServer Start(string security = "none", string? login = null) => new(security, login);

    public int Port { get; }

    /// <summary><c>starttls</c>, <c>tls</c> or <c>none</c>, as in the settings.</summary>
    public string Security { get; }

    /// <summary>Name and password that it asks for, with a colon between.</summary>
    public string? Login { get; }

    /// <summary>Its certificate, which nobody else has signed.</summary>
    public X509Certificate2 Certificate { get; }

    public MailServerMood Mood { get; set; }

    /// <summary>How many connections there were.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Every command that came, outside and inside TLS.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Every mail to an address so far.</summary>
    public IReadOnlyList<TestMail> To(string address) => [.. _mails.Where(x => x.To.Contains(address))];

    /// <summary>Waits until so many mails have come to an address; the last of them.</summary>
    public async Task<TestMail> NextAsync(string address, int count = 1)
    {
        await Patience.UntilAsync(() => Task.FromResult(To(address).Count >= count), $"mail {count} to {address} came");
        return To(address)[count - 1];
    }

    /// <summary>The settings that lead a server here.</summary>
    public string[] Settings =>
    [
        "Mail:Host=127.0.0.1", $"Mail:Port={Port}", "Mail:From=cote@example.org", $"Mail:Security={Security}",
        .. Login?.Split(':') is [var name, var password]
            ? new[] { $"Mail:Username={name}", $"Mail:Password={password}" } : [],
    ];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_clients.Keys);
        Certificate.Dispose();
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _clients[ServeAsync(client)] = true;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            if (Mood == MailServerMood.HangsUp)
                return;
            if (Mood == MailServerMood.IsSilent)
                await Task.Delay(Timeout.Infinite, _stop.Token);
            await new Dialogue(this).RunAsync(client.GetStream(), _stop.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException
            or System.Security.Authentication.AuthenticationException)
        {
        }
    }

    sealed class Dialogue(FakeMailServer server)
    {
        readonly List<string> _to = [];
        Stream _stream = null!;
        StreamReader _reader = null!;
        bool _isEncrypted;
        string _from = "";
        string? _login;

        public async Task RunAsync(Stream stream, CancellationToken ct)
        {
            _stream = stream;
            if (server.Security == "tls")
                await EncryptAsync(ct);
            _reader = new(_stream, Encoding.Latin1);
            await SayAsync("220 ready", ct);
            while (await _reader.ReadLineAsync(ct) is { } line)
            {
                server._lines.Enqueue(line);
                if (!await AnswerAsync(line, ct))
                    return;
            }
        }

        async Task<bool> AnswerAsync(string line, CancellationToken ct)
        {
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync("250-here", ct);
                    if (server.Security == "starttls" && !_isEncrypted)
                        await SayAsync("250-STARTTLS", ct);
                    if (server.Login is not null)
                        await SayAsync("250-AUTH PLAIN", ct);
                    await SayAsync("250 8BITMIME", ct);
                    return true;
                case "STARTTLS":
                    await SayAsync("220 go on", ct);
                    await EncryptAsync(ct);
                    _reader = new(_stream, Encoding.Latin1);
                    return true;
                case "AUTH":
                    var given = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[^1])).Split('\0');
                    _login = $"{given[^2]}:{given[^1]}";
                    await SayAsync(_login == server.Login ? "235 welcome" : "535 no", ct);
                    return true;
                case "MAIL":
                    _from = AddressIn(line);
                    await SayAsync(server.Mood == MailServerMood.IsBusy ? "451 later"
                        : server.Login is not null && _login != server.Login ? "530 log in" : "250 ok", ct);
                    return true;
                case "RCPT":
                    _to.Add(AddressIn(line));
                    await SayAsync(
                        server.Mood == MailServerMood.RefusesRecipient ? $"550 no {_to[^1]} here" : "250 ok", ct);
                    return true;
                case "DATA":
                    await SayAsync("354 go on", ct);
                    server._mails.Enqueue(new(_from, [.. _to], await ReadDataAsync(ct), _isEncrypted, _login));
                    if (server.Mood == MailServerMood.TakesAndHangsUp)
                        return false;
                    await SayAsync("250 taken", ct);
                    return true;
                case "QUIT":
                    await SayAsync("221 bye", ct);
                    return false;
                default:
                    await SayAsync("250 ok", ct);
                    return true;
            }
        }

        async Task<string> ReadDataAsync(CancellationToken ct)
        {
            var text = new StringBuilder();
            while (await _reader.ReadLineAsync(ct) is { } line and not ".")
                text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            return text.ToString();
        }

        async Task EncryptAsync(CancellationToken ct)
        {
            var encrypted = new SslStream(_stream);
            await encrypted.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = server.Certificate }, ct);
            (_stream, _isEncrypted) = (encrypted, true);
        }

        Task SayAsync(string line, CancellationToken ct) =>
            _stream.WriteAsync(Encoding.Latin1.GetBytes(line + "\r\n"), ct).AsTask();

        static string AddressIn(string line) => Regex.Match(line, "<(.*?)>").Groups[1].Value;
    }
}
