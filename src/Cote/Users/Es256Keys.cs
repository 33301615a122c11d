using System.Buffers.Text;
using System.Security.Cryptography;
using Cote.Primitives;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// The keys of access tokens that other services can check: the one that signs, given by configuration or made once in
/// the data directory, and the one before it. There is none where ES256 was never chosen.
/// </summary>
sealed class Es256Keys(AuthOptions auth, DataOptions data)
{
    public const string Algorithm = "ES256";

    const string FileName = "signing.es256.key";

    // Not before they are asked for, as SigningKeys.
    readonly Lazy<IReadOnlyList<ECDsaSecurityKey>> _keys = new(() => Load(auth, data));

    /// <summary>The keys whose signatures are good, the present one first.</summary>
    public IReadOnlyList<ECDsaSecurityKey> All => _keys.Value;

    /// <summary>The public halves, as <c>/.well-known/jwks.json</c> has them.</summary>
    public KeySet KeySet => new([.. All.Select(x =>
    {
        var point = x.ECDsa.ExportParameters(includePrivateParameters: false).Q;
        return new PublicKey("EC", "P-256", "sig", Algorithm, x.KeyId, Base64Url.EncodeToString(point.X),
            Base64Url.EncodeToString(point.Y));
    })]);

    static List<ECDsaSecurityKey> Load(AuthOptions auth, DataOptions data)
    {
        var keys = new List<ECDsaSecurityKey>();
        var file = Path.Combine(data.Directory, FileName);
        var isChosen = auth.TokenAlgorithm == Algorithm;
        if (auth.Es256Key is { } given)
            keys.Add(Read(given.Reveal(), $"Cote__Auth__{nameof(AuthOptions.Es256Key)} is"));
        else if (data.Postgres is not null && isChosen)
            throw new StartupException("With PostgreSQL, Cote__Auth__Es256Key must be set, to the same on every node "
                + "(for example: openssl ecparam -name prime256v1 -genkey -noout).");
        // One that was made before: tokens of it are good while ES256 is being left.
        else if (data.Postgres is null && (isChosen || File.Exists(file)))
            keys.Add(Load(file));
        if (auth.PreviousEs256Key is { } before)
            keys.Add(Read(before.Reveal(), $"Cote__Auth__{nameof(AuthOptions.PreviousEs256Key)} is"));
        return keys;
    }

    static ECDsaSecurityKey Load(string file) => Of(P256Keys.ReadOrMake(file, "signing key"));

    static ECDsaSecurityKey Read(string text, string what) => Of(P256Keys.Read(text, what));

    static ECDsaSecurityKey Of(ECDsa key)
    {
        var security = new ECDsaSecurityKey(key);
        security.KeyId = Base64Url.EncodeToString(security.ComputeJwkThumbprint());
        return security;
    }
}
