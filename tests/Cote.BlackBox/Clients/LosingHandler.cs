namespace Cote.BlackBox.Clients;

/// <summary>Loses requests, and answers after the server has done what it was asked for.</summary>
sealed class LosingHandler(Random random) : DelegatingHandler(new SocketsHttpHandler())
{
    int _lost;

    public int Lost => _lost;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        int dice;
        lock (random)
            dice = random.Next(20);
        if (dice == 0)
            throw new HttpRequestException("The request is lost.");
        var response = await base.SendAsync(request, cancellationToken);
        if (dice > 1)
            return response;
        Interlocked.Increment(ref _lost);
        response.Dispose();
        throw new HttpRequestException("The answer is lost.");
    }
}
