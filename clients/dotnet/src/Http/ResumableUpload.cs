using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Cote.Client;

/// <summary>
/// One file by tus 1.0, of the user who begins it: in pieces, each tried again from where the server has come.
/// </summary>
sealed class ResumableUpload(CoteHttp http, Session session, Backoff backoff, IProgress<long>? progress)
{
    readonly string? _userId = session.User?.Id;

    const int PieceBytes = 1024 * 1024;
    const string Path = "/upload/resumable";

    public async Task<Media> RunAsync(Stream file, string name, CancellationToken cancellationToken)
    {
        var (length, url) = (file.Length, (string?)null);
        var location = await TryAsync(() => CreateAsync(length, name, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        var isDone = false;
        try
        {
            for (long? offset = 0; url is null;)
                try
                {
                    var answer = offset is null
                        ? await AskAsync(location, cancellationToken).ConfigureAwait(false)
                        : await PutAsync(location, file, offset.Value, cancellationToken).ConfigureAwait(false);
                    backoff.Reset();
                    offset = Offset(answer);
                    progress?.Report(offset.Value);
                    url = answer["Upload-Media-Url"];
                    if (url is null && offset == length)
                        offset = null; // the answer to the last piece is lost: ask
                }
                catch (CoteException error) when (error.IsTemporary || error.Code == "wrong_offset")
                {
                    offset = null;
                    await backoff.WaitAsync(error.RetryAfter, cancellationToken).ConfigureAwait(false);
                }
            isDone = true;
        }
        finally
        {
            if (!isDone)
                await ForgetAsync(location).ConfigureAwait(false);
        }
        return new() { Id = IdOf(url), Url = url, Name = name, Size = length };
    }

    static long Offset(Answer answer) => long.TryParse(
        answer["Upload-Offset"], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
        ? offset : throw Problem.OfNetwork(null);

    // /media/{id}?…
    static string IdOf(string url) => url.Split('?')[0].Split('/')[^1];

    Task<string> CreateAsync(long length, string name, CancellationToken cancellationToken) =>
        WithTokenAsync(async (token, ends) =>
        {
            var request = Request(HttpMethod.Post, Path, token);
            request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
            request.Headers.Add(
                "Upload-Metadata", "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(name)));
            var answer = await http.SendAsync(request, ends).ConfigureAwait(false);
            var location = answer["Location"]
                ?? throw new CoteException(0, "network", "The server named no place for the upload");
            return Uri.TryCreate(location, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url.PathAndQuery : location;
        }, cancellationToken);

    Task<Answer> AskAsync(string location, CancellationToken cancellationToken) => WithTokenAsync(
        (token, ends) => http.SendAsync(Request(HttpMethod.Head, location, token), ends), cancellationToken);

    async Task<Answer> PutAsync(string location, Stream file, long offset, CancellationToken cancellationToken)
    {
        file.Position = offset;
        var piece = new byte[(int)Math.Min(PieceBytes, file.Length - offset)];
        await file.ReadExactlyAsync(piece, cancellationToken).ConfigureAwait(false);
        return await WithTokenAsync((token, ends) =>
        {
            var request = Request(HttpMethod.Patch, location, token);
            request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
            request.Content = new ByteArrayContent(piece);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
            return http.SendAsync(request, ends);
        }, cancellationToken).ConfigureAwait(false);
    }

    async Task ForgetAsync(string location)
    {
        try
        {
            await WithTokenAsync(
                (token, ends) => http.SendAsync(Request(HttpMethod.Delete, location, token), ends),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (CoteException)
        {
            // It is gone already, or the server forgets it by itself.
        }
    }

    async Task<T> TryAsync<T>(Func<Task<T>> doAsync, CancellationToken cancellationToken)
    {
        while (true)
            try
            {
                return await doAsync().ConfigureAwait(false);
            }
            catch (CoteException error) when (error.IsTemporary)
            {
                await backoff.WaitAsync(error.RetryAfter, cancellationToken).ConfigureAwait(false);
            }
    }

    Task<T> WithTokenAsync<T>(Func<string, CancellationToken, Task<T>> doAsync, CancellationToken cancellationToken) =>
        session.WithTokenAsync(doAsync, cancellationToken, userId: _userId);

    static HttpRequestMessage Request(HttpMethod method, string path, string token)
    {
        var request = CoteHttp.Request(method, path, token, null);
        request.Headers.Add("Tus-Resumable", "1.0.0");
        return request;
    }
}
