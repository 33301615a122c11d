using System.Net;
using System.Security.Cryptography;
using System.Text;
using Cote.Notices;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Notices;

/// <summary>What tests of webhooks say often.</summary>
static class WebhookSteps
{
    public static readonly string Secret = SecretOf(1);

    /// <summary>Tries that come soon, and nothing that is found by looking for it.</summary>
    public static readonly WebhookPace Soon = new(TimeSpan.FromHours(1), [TimeSpan.FromMilliseconds(20)]);

    public static string SecretOf(byte seed) =>
        "whsec_" + Convert.ToBase64String([.. Enumerable.Repeat(seed, 32)]);

    /// <summary>The settings of an endpoint at a receiver, which stands on loopback.</summary>
    public static string[] Settings(this WebhookReceiver receiver, string name = "main", params string[] events) =>
    [
        $"Webhooks:{name}:Url={receiver.Url}", $"Webhooks:{name}:Secret={Secret}", $"Webhooks:{name}:Allow=localhost",
        .. events.Length == 0 ? [] : new[] { $"Webhooks:{name}:Events={string.Join(',', events)}" },
    ];

    /// <summary>Trusts the certificates of receivers, and tries again soon.</summary>
    public static Action<CoteBuilder> Trust(params WebhookReceiver[] receivers) => Trust(Soon, receivers);

    public static Action<CoteBuilder> Trust(WebhookPace pace, params WebhookReceiver[] receivers) => add =>
    {
        add.Services.AddSingleton(new Outside(Dns.GetHostAddressesAsync,
            (_, given, _, errors) => receivers.Any(x => x.IsMine(given, errors))));
        add.Services.AddSingleton(pace);
    };

    /// <summary>Whether a secret has signed it.</summary>
    public static bool IsSignedBy(this ReceivedWebhook webhook, string secret)
    {
        var signed = $"{webhook.Id}.{webhook.Headers["webhook-timestamp"]}.{webhook.Body}";
        var hash = HMACSHA256.HashData(
            Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes(signed));
        return webhook.Headers["webhook-signature"].Split(' ').Contains("v1," + Convert.ToBase64String(hash));
    }

    /// <summary>What still waits in the database, or was given up.</summary>
    public static async Task<List<string>> WebhooksAsync(this CoteApp app) => (await app.RowsAsync())["webhooks"];

    public static Task UntilAllAreToldAsync(this CoteApp app) => Patience.UntilAsync(
        async () => (await app.WebhooksAsync()).Count == 0, "all webhooks are told");
}
