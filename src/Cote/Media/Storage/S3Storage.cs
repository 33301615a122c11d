using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Cote.Media;

/// <summary>
/// Blobs as objects of an S3-compatible store, under <c>blobs/</c>. Created only where a bucket is configured.
/// </summary>
sealed class S3Storage(S3Options options) : BlobStorage, IDisposable
{
    const string Prefix = "blobs/";

    readonly AmazonS3Client _client = Open(options);

    public override async Task AddAsync(string id, string file, CancellationToken ct)
    {
        await AskAsync(() => _client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = options.Bucket,
            Key = Prefix + id,
            FilePath = file,
            ContentType = "application/octet-stream",
            UseChunkEncoding = false, // other stores answer Amazon's own framing with errors
        }, ct));
        File.Delete(file);
    }

    public override async Task<Stream> OpenAsync(string id, long offset, CancellationToken ct)
    {
        var request = new GetObjectRequest { BucketName = options.Bucket, Key = Prefix + id };
        if (offset > 0)
            request.ByteRange = new ByteRange($"bytes={offset}-");
        return (await AskAsync(() => _client.GetObjectAsync(request, ct))).ResponseStream;
    }

    public override Task DeleteAsync(string id, CancellationToken ct) =>
        AskAsync(() => _client.DeleteObjectAsync(options.Bucket, Prefix + id, ct));

    public override async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = options.Bucket, Prefix = Prefix };
        do
        {
            var page = await AskAsync(() => _client.ListObjectsV2Async(request, ct));
            foreach (var item in page.S3Objects ?? [])
                yield return item.Key[Prefix.Length..];
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is not null);
    }

    public void Dispose() => _client.Dispose();

    // An error of the store may name hosts and buckets: the client hears only that it cannot be reached.
    static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            throw new FileNotFoundException("The store has no such blob", error);
        }
        catch (Exception error) when (error is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new ProblemException(Problems.StorageUnavailable, error);
        }
    }

    static AmazonS3Client Open(S3Options options)
    {
        var config = new AmazonS3Config
        {
            AuthenticationRegion = options.Region,
            // Checksums in trailers are Amazon's own; other stores answer them with errors.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint is { Length: > 0 } endpoint)
            (config.ServiceURL, config.ForcePathStyle) = (endpoint, true);
        else
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(options.Region);
        return options.AccessKey is { Length: > 0 } key
            ? new AmazonS3Client(new BasicAWSCredentials(key, options.SecretKey?.Reveal() ?? ""), config)
            : new AmazonS3Client(config);
    }
}
