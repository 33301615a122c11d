namespace Cote.Testing;

/// <summary>Clients that are programs with an API key.</summary>
public static class KeyClients
{
    /// <summary>A key of this account: its id and itself.</summary>
    public static async Task<(string Id, string Key)> CreateKeyAsync(this CoteClient client, params string[] scopes)
    {
        var made = (await client.PostAsync("/api-keys/", new { name = "robot", scopes })).Ok();
        return (made["id"], made["key"]);
    }

    /// <summary>The same account by a new key with these scopes.</summary>
    public static async Task<CoteClient> WithKeyAsync(this CoteClient client, params string[] scopes) =>
        new(client.Url) { Token = (await client.CreateKeyAsync(scopes)).Key };

    /// <summary>A socket that shows its token or key as a subprotocol, as browsers do.</summary>
    public static Task<TestSocket> ConnectByProtocolAsync(this CoteClient client, bool awaitReady = true) =>
        TestSocket.ConnectAsync(client.Url, "/ws", awaitReady, x =>
        {
            x.AddSubProtocol("cote.v1");
            x.AddSubProtocol("cote.bearer." + client.Token);
        });
}
